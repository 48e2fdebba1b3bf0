"""What a workflow is given by the words after its command: a task in plain text, or `name=value` for each input."""

import difflib
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.names import Plain
from core.workflow import Input, Workflow
from handlers.neutralise import code

TASK = "task"
"""The input that takes all the words, where a workflow has it."""

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was given does not fit; each mistake is harmless Markdown, without an end mark."""

    mistakes: tuple[str, ...]


def given(workflow: Workflow, words: str) -> dict[str, Plain] | Wrong:
    """The inputs that the words after a command stand for, each of its type. Defaults are left to the run."""
    if TASK in workflow.inputs:
        return fitting(workflow, {TASK: words} if words else {})
    try:
        parts = shlex.split(words)
    except ValueError:
        return Wrong(("a quote is not closed",))
    found: dict[str, str] = {}
    wrong: list[str] = []
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            wrong.append(f"{code(part)} is not of the form `name=value`")
        elif name in found:
            wrong.append(f"{code(name)} is given twice")
        else:
            found[name] = value
    return _fitting(workflow, found, wrong)


def fitting(workflow: Workflow, inputs: Mapping[str, Plain]) -> dict[str, Plain] | Wrong:
    """Inputs as the workflow takes them: also those of an older run, whose workflow may have changed since."""
    return _fitting(workflow, inputs, [])


LONGEST_INPUT = 10_000
"""Characters of what an event hands over."""
LARGEST_NUMBER = 1e15
"""As many digits as may be typed after a command."""


def taken(workflow: Workflow, found: Mapping[str, Any]) -> dict[str, Plain] | Wrong:
    """The inputs that an event has a value for: of the same name, and of the input's type. What else it has is left.

    They come from outside and stay values: a workflow says what is done with them.
    """
    named = {name: value for name, value in found.items() if name in workflow.inputs}
    odd = [name for name, value in named.items() if not _plain(value)]
    long = [name for name, value in named.items() if isinstance(value, str) and len(value) > LONGEST_INPUT]
    wrong = [f"{code(name)} is no plain value" for name in odd]
    wrong += [f"{code(name)} is longer than {LONGEST_INPUT:,} characters" for name in long]
    return _fitting(workflow, {name: value for name, value in named.items() if name not in {*odd, *long}}, wrong)


def _plain(value: Any) -> bool:
    return isinstance(value, str | bool) or (isinstance(value, int | float) and abs(value) < LARGEST_NUMBER)


def _fitting(workflow: Workflow, inputs: Mapping[str, Plain], wrong: list[str]) -> dict[str, Plain] | Wrong:
    fits: dict[str, Plain] = {}
    for name, value in inputs.items():
        said = workflow.inputs.get(name)
        read = _read(said, value) if said is not None else None
        if said is None:
            wrong.append(f"there is no input {code(name)}{_meant(name, workflow)}")
        elif read is None:
            wrong.append(f"{code(name)} is a {said.type}, and {code(str(value))} is none")
        else:
            fits[name] = read
    missing = [name for name, said in workflow.inputs.items() if said.default is None and name not in inputs]
    wrong += [f"{code(name)} is missing" for name in missing]
    return Wrong(tuple(wrong)) if wrong else fits


def _read(said: Input, value: Plain) -> Plain | None:
    """The value as the input's type; None where it is no such thing."""
    if said.type == "string":
        return value if isinstance(value, str) else None
    if said.type == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    if isinstance(value, str):
        return (float(value) if "." in value else int(value)) if _NUMBER.fullmatch(value) else None
    return None if isinstance(value, bool) or not math.isfinite(value) else value


def _meant(name: str, workflow: Workflow) -> str:
    near = difflib.get_close_matches(name, list(workflow.inputs), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
