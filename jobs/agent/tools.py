"""The tools an agent is offered: their forms, and how a call is read.

The schema that the model sees and the check that its arguments must pass are the same class.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from core.completions import Tool, ToolCall
from core.names import Value

TreePath = Annotated[
    str, StringConstraints(min_length=1, max_length=4096), Field(description="a path relative to the repository's root")
]


class Read(Value):
    """Show a text file with line numbers."""

    path: TreePath
    start: Annotated[int, Field(ge=1, description="first line, from 1")] = 1
    lines: Annotated[int, Field(ge=1, le=2000)] = 400


class List(Value):
    """List the files below a folder; large folders are shown closed, with a slash at the end."""

    path: TreePath = "."


class Search(Value):
    """Find the lines that match a regular expression, with path and line number."""

    pattern: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    path: TreePath = "."


class Edit(Value):
    """Replace text in a file. `old` must stand there exactly once, or `all` must be true."""

    path: TreePath
    old: Annotated[str, Field(min_length=1, description="the exact text, whitespace included, without line numbers")]
    new: str
    all: Annotated[bool, Field(description="replace every occurrence")] = False


class Write(Value):
    """Create a file, or replace a whole one."""

    path: TreePath
    content: str


class Run(Value):
    """Run a shell command in the repository's root, in a sandbox without network."""

    command: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


SUBMIT = "submit"
_LOOKING: Mapping[str, type[Value]] = {"read": Read, "list": List, "search": Search}
_WRITING: Mapping[str, type[Value]] = {"edit": Edit, "write": Write, "run": Run}


@dataclass(frozen=True, slots=True)
class Request:
    """A call in the right form."""

    name: str
    arguments: Value


@dataclass(frozen=True, slots=True)
class Malformed:
    """A call in the wrong form. `why` is for the model and quotes it; `kind` is for people and does not."""

    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one assignment, by name."""

    forms: Mapping[str, type[Value]]

    @classmethod
    def of(cls, output: type[Value], *, looks: bool, writes: bool) -> "Toolbox":
        looking = _LOOKING if looks else {}
        writing = _WRITING if looks and writes else {}
        return cls({**looking, **writing, SUBMIT: output})

    def offered(self) -> tuple[Tool, ...]:
        return tuple(
            Tool(name=name, description=_description(name, form), parameters=_schema(form))
            for name, form in self.forms.items()
        )

    def read(self, call: ToolCall) -> Request | Malformed:
        form = self.forms.get(call.name)
        if form is None:
            return Malformed("unknown tool", f"There is no tool `{call.name}`. The tools are: {', '.join(self.forms)}.")
        try:
            arguments = json.loads(call.arguments or "{}")
        except ValueError as error:
            return Malformed("arguments are not JSON", f"The arguments of `{call.name}` are not JSON: {error}.")
        if not isinstance(arguments, dict):
            return Malformed("arguments are not an object", f"The arguments of `{call.name}` must be a JSON object.")
        try:
            return Request(call.name, form.model_validate(arguments))
        except ValidationError as error:
            lines = "\n".join(f"- {_mistake(one)}" for one in error.errors(include_url=False, include_input=False))
            return Malformed("arguments do not fit the form", f"The arguments of `{call.name}` do not fit:\n{lines}")


def _mistake(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"`{where}`: {error['msg']}" if where else str(error["msg"])


def _description(name: str, form: type[Value]) -> str:
    text = " ".join((form.__doc__ or "").split())
    return f"Hand in the finished work and stop. {text}" if name == SUBMIT else text


def _schema(form: type[Value]) -> dict[str, Any]:
    schema = form.model_json_schema()
    schema.pop("description", None)
    untitled: dict[str, Any] = _without_titles(schema)
    return untitled


def _without_titles(node: Any) -> Any:
    """The same schema without pydantic's generated titles, which say nothing and cost tokens at every turn."""
    if isinstance(node, list):
        return [_without_titles(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != "title" or not isinstance(value, str)}
    return {key: _without_titles(value) for key, value in kept.items()}
