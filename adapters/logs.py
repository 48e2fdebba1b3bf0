"""Logs: one JSON object a line on stderr, without secrets and without control characters.

`configure()` is called once by each process. What other libraries log takes the same way.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[redacted]"
_SHORTEST_SECRET = 4
"""Hiding a shorter value would hide ordinary words."""
_DEEPEST = 8

_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        (r"\bgh[pousr]_[A-Za-z0-9._-]{16,}", 0),
        (r"\bgithub_pat_[A-Za-z0-9_]{20,}", 0),
        (r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*", 0),
        (r"\bsk-[A-Za-z0-9_-]{16,}", 0),
        (r"(?<=\bbearer )\s*[^\s\"',;]{6,}", re.IGNORECASE),
        (r"(?<=\bauthorization: )(?:basic|token)\s+[^\s\"',;]+", re.IGNORECASE),
        (r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)", 0),
    )
)


class Redactor:
    """Text without the secrets of this process, and without what looks like a credential of anybody."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        longest_first = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._exact = re.compile("|".join(re.escape(secret) for secret in longest_first)) if longest_first else None

    def text(self, text: str) -> str:
        if self._exact is not None:
            text = self._exact.sub(HIDDEN, text)
        for pattern in _PATTERNS:
            text = pattern.sub(HIDDEN, text)
        return text

    def value(self, value: Any, depth: int = 0) -> Any:
        """A JSON value: what JSON has no word for becomes text first, so that no `repr` slips past."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                return {self.text(str(key)): self.value(item, depth + 1) for key, item in value.items()}
            if isinstance(value, list | tuple | set | frozenset):
                return [self.value(item, depth + 1) for item in value]
        return self.text(value if isinstance(value, str) else str(value))


def configure(secrets: Sequence[str] = (), *, process: str, stream: TextIO | None = None) -> None:
    """Send every log of this process to stderr. `process` names it in each line: `web`, `worker runs`, `clock` …"""
    redactor = Redactor(secrets)

    def named(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    def rendered(_: WrappedLogger, __: str, event: EventDict) -> str:
        # ASCII only: escape sequences, bidi overrides and line separators arrive as \uXXXX.
        return json.dumps(redactor.value(event)).replace("\x7f", "\\u007f")

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
