"""Captures: what of a command's output a step hands over, as which kind of value. The output is hostile until read."""

import json
from typing import Any

from core.errors import BotError
from core.workflow import Capture

_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


class CaptureFailed(BotError):
    """A command did not print what its step says that it prints."""

    code = "capture-failed"

    def remedy(self) -> str:
        return "Correct the command or its `capture` in the workflow file, or give the capture a `default`."


def captured(said: Capture, output: str, exit_code: int | None) -> Any:
    """The value, or the default where the output cannot be read. Raises CaptureFailed where there is no default."""
    try:
        return _read(said, output, exit_code)
    except ValueError as error:
        if "default" in said.model_fields_set:
            return said.default
        raise CaptureFailed(f"The output cannot be captured as {said.format}: {error}.") from error


def _read(said: Capture, output: str, exit_code: int | None) -> Any:
    if said.source == "exit_code":
        return exit_code
    size = len(output.encode())
    if size > said.max_bytes:
        raise ValueError(f"it has {size:,} bytes, and {said.max_bytes:,} are allowed")
    text = output.strip()
    match said.format:
        case "text":
            return text
        case "lines":
            return [line for line in text.splitlines() if line.strip()]
        case "json":
            return _json(text)
        case "number":
            return _number(text)
        case "boolean":
            return _boolean(text)


def _json(text: str) -> Any:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON value")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _number(text: str) -> int | float:
    value = _json(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it is not one number")
    return value


def _boolean(text: str) -> bool:
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("it is neither true nor false")
    return word in _TRUE
