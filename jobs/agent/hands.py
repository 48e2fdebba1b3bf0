"""Does what a tool call asks, inside the box. What comes back is untrusted text, wrapped as such."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from core import boxes
from core.boxes import Box, Command
from core.errors import BoxUnavailable
from core.redaction import without_credentials
from jobs.agent.assignment import AgentLimits
from jobs.agent.tools import Request, Run
from prompts import untrusted

_PROGRAM: Final = files("jobs.agent").joinpath("tree_program.py").read_text(encoding="utf-8")
_FILE_TOOL_SECONDS = 60
_FILE_TOOL_BYTES = 4_000_000
_NO_PYTHON = 127
_QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": "-p no:cacheprovider", "CI": "1", "GIT_PAGER": "cat"}
"""Commands that are told so leave less behind in the tree, and wait for nobody."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model is shown, and whether the tree may be different now."""

    text: str
    wrote: bool = False


async def perform(request: Request, box: Box, limits: AgentLimits) -> Outcome:
    """The outcome of one call. What goes wrong inside the box is an outcome too; only a box that cannot work raises."""
    if isinstance(request.arguments, Run):
        return await _run(request.arguments, box, limits)
    return await _in_tree(request, box, limits)


async def _run(run: Run, box: Box, limits: AgentLimits) -> Outcome:
    result = await box.run(
        Command(
            argv=("sh", "-c", run.command),
            env=_QUIET,
            timeout_seconds=limits.command_seconds,
            # Bytes kept are a multiple of the characters shown, so that the cut below is the only one that is seen.
            output_limit_bytes=8 * limits.output_chars,
        )
    )
    ending = f"exit code {result.exit_code}" if result.exit_code is not None else "killed"
    why = f" ({result.why})" if result.why else ""
    bare = without_credentials(result.text)
    shown = untrusted(bare, "output of the command", verbatim=True, limit=limits.output_chars)
    return Outcome(f"{ending}{why}\n{shown}", wrote=True)


async def _in_tree(request: Request, box: Box, limits: AgentLimits) -> Outcome:
    asked = {"tool": request.name, "root": boxes.TREE, **request.arguments.model_dump(mode="json")}
    result = await box.run(
        Command(
            argv=("python3", "-I", "-c", _PROGRAM),
            stdin=json.dumps(asked).encode(),
            timeout_seconds=_FILE_TOOL_SECONDS,
            output_limit_bytes=_FILE_TOOL_BYTES,
        )
    )
    if result.exit_code == _NO_PYTHON:
        raise BoxUnavailable("The sandbox has no `python3`, which the agent's file tools need.")
    source = f"{request.name} {getattr(request.arguments, 'path', '')}"
    try:
        answer = json.loads(result.text)
        ok, text = bool(answer["ok"]), str(answer["text"])
    except (ValueError, TypeError, KeyError):
        said = untrusted(result.text, source, verbatim=True, limit=limits.output_chars)
        return Outcome(f"The tool failed. {result.why or ''}\n{said}")
    shown = untrusted(text, source, verbatim=True, limit=limits.output_chars)
    return Outcome(shown if ok else f"error\n{shown}", wrote=ok and request.name in {"edit", "write"})
