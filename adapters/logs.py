"""Logs: one JSON object a line on stderr, without secrets and without control characters.

`configure()` is called once by each process. What other libraries log takes the same way.
"""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.redaction import Redactor

_redactors = [Redactor()]
"""What hides secrets now: first the process's own, then those of the jobs that are open."""


def redacted(text: str) -> str:
    """The text as a log of this process would show it, for what else is printed."""
    for redactor in _redactors:
        text = redactor.text(text)
    return text


@contextmanager
def hiding(redactor: Redactor) -> Iterator[None]:
    """Within the block logs hide what this redactor knows, too, and what it learns meanwhile."""
    _redactors.append(redactor)
    try:
        yield
    finally:
        _redactors.remove(redactor)


def configure(secrets: Sequence[str] = (), *, process: str, stream: TextIO | None = None) -> None:
    """Send every log of this process to stderr. `process` names it in each line: `web`, `worker runs`, `clock` …"""
    _redactors[0] = Redactor(*secrets)

    def named(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    def rendered(_: WrappedLogger, __: str, event: EventDict) -> str:
        shown: Any = event
        for redactor in _redactors:
            shown = redactor.value(shown)
        # ASCII only: escape sequences, bidi overrides and line separators arrive as \uXXXX.
        return json.dumps(shown).replace("\x7f", "\\u007f")

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        named,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                rendered,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpcore", "LiteLLM", "alembic", "rq.worker", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,  # a module's logger may be used before this call
    )


@contextmanager
def configured(stream: TextIO, secrets: Sequence[str] = (), *, process: str) -> Iterator[None]:
    """Within the block this process logs to the stream; after it as before. For a process that plays several parts."""
    root = logging.getLogger()
    handlers, level, known = root.handlers[:], root.level, _redactors[0]
    configure(secrets, process=process, stream=stream)
    try:
        yield
    finally:
        root.handlers[:], root.level, _redactors[0] = handlers, level, known
        structlog.reset_defaults()
