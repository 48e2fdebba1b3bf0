"""The script of a model: sections by step key, each a list of turns. Every mistake is reported with its place.

```yaml
change:
  - read: src/slug.py
  - edit: {path: src/slug.py, old: "a", new: "b"}
  - submit: {title: keep digits in slugs, summary: "…"}
```
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

MOST_BYTES = 1_000_000

TOOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "read": ("path", "start", "lines"),
    "list": ("path",),
    "search": ("pattern", "path"),
    "edit": ("path", "old", "new", "all"),
    "write": ("path", "content"),
    "run": ("command",),
}
"""The arguments of each tool, the one that a bare word stands for first. `submit` takes any form."""

_ROUND: Final = re.compile(r"~[0-9]+")

MISBEHAVIOURS: Final = ("garbage", "status", "hang", "broken_call")
WORDS: Final = ("say", *TOOLS, "submit", *MISBEHAVIOURS)

DEFAULTS: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "triage": [{"submit": {"verdict": "actionable", "kind": "bug", "summary": "What the issue asks for."}}],
    "research": [{"submit": {"summary": "The issue says all that is needed."}}],
    "review": [{"submit": {"verdict": "approve", "summary": "It does what the plan says."}}],
}
"""Sections that a script may leave out."""


class ScriptInvalid(ValueError):
    """The script does not say what it must; one line per mistake, with file, line and column."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `arguments` is sent as it stands, so that a script can also send what is not JSON."""

    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the model does at one turn: words and calls, after `hang` seconds; or `garbage`, or an error `status`."""

    say: str = ""
    calls: tuple[Call, ...] = ()
    hang: float = 0.0
    garbage: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """The turns of each section."""

    sections: Mapping[str, tuple[Turn, ...]]

    @classmethod
    def parse(cls, text: str, name: str = "script.yml") -> "Script":
        """The script, or ScriptInvalid with every mistake."""
        if len(text.encode()) > MOST_BYTES:
            raise ScriptInvalid(f"{name}:1:1: the script is larger than {MOST_BYTES} bytes")
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
            raise ScriptInvalid(f"{name}:{where}: {error.problem}") from error
        reader = _Reader(name)
        sections = reader.script(root)
        if reader.mistakes:
            raise ScriptInvalid("\n".join(reader.mistakes))
        return cls({**_defaults(), **sections})

    def section(self, step_key: str) -> tuple[str, tuple[Turn, ...]] | None:
        """The section for a step and its name, or None. `tests/repair:2` falls back to `tests/repair`, and `review~2`,
        a step that is done once more, to `review`."""
        for key in (step_key, _ROUND.sub("", step_key)):
            for name in (key, key.rpartition(":")[0]):
                if name in self.sections:
                    return name, self.sections[name]
        return None


def _defaults() -> dict[str, tuple[Turn, ...]]:
    return {
        name: tuple(Turn(calls=(Call("submit", json.dumps(turn["submit"])),)) for turn in turns)
        for name, turns in DEFAULTS.items()
    }


class _Reader:
    """Walks the YAML nodes, so that each mistake has a place."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._values = yaml.SafeLoader("")
        self.mistakes: list[str] = []

    def script(self, root: yaml.Node | None) -> dict[str, tuple[Turn, ...]]:
        if not isinstance(root, yaml.MappingNode):
            self._wrong(root, "a script is a mapping from step keys to lists of turns")
            return {}
        sections: dict[str, tuple[Turn, ...]] = {}
        for key, value in root.value:
            if key.value in sections:
                self._wrong(key, f"the section `{key.value}` stands here twice")
            elif not isinstance(value, yaml.SequenceNode) or not value.value:
                self._wrong(value, f"the section `{key.value}` must be a list of at least one turn")
            else:
                sections[str(key.value)] = tuple(self._turn(node) for node in value.value)
        return sections

    def _turn(self, node: yaml.Node) -> Turn:
        """One turn; a list stands for several calls made at once."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        calls: list[Call] = []
        for part in parts:
            if not isinstance(part, yaml.MappingNode) or not part.value:
                self._wrong(part, f"a turn says one of: {', '.join(WORDS)}")
                continue
            for key, value in part.value:
                self._word(key, value, merged, calls)
        return Turn(calls=tuple(calls), **merged)

    def _word(self, key: yaml.Node, value: yaml.Node, merged: dict[str, Any], calls: list[Call]) -> None:
        word, said = key.value, self._value(value)
        match word:
            case "say" | "garbage" if isinstance(said, str):
                merged[word] = said
            case "status" if isinstance(said, int) and 400 <= said < 600:
                merged[word] = said
            case "hang" if isinstance(said, int | float) and said >= 0:
                merged[word] = float(said)
            case "broken_call":
                calls.append(self._broken(value, said))
            case "submit" if isinstance(said, dict):
                calls.append(Call("submit", json.dumps(said)))
            case _ if word in TOOLS:
                calls.append(Call(word, json.dumps(self._arguments(word, value, said))))
            case _ if word in WORDS:
                self._wrong(value, f"`{word}` cannot be {said!r}")
            case _:
                self._wrong(key, f"unknown word `{word}`; a turn says one of: {', '.join(WORDS)}")

    def _arguments(self, tool: str, node: yaml.Node, said: Any) -> dict[str, Any]:
        known = TOOLS[tool]
        if isinstance(said, str):
            return {known[0]: said}
        if not isinstance(said, dict):
            self._wrong(node, f"`{tool}` takes a text or a mapping of: {', '.join(known)}")
            return {}
        if isinstance(node, yaml.MappingNode):
            for key, _ in node.value:
                if key.value not in known:
                    self._wrong(key, f"`{tool}` has no argument `{key.value}`; it has: {', '.join(known)}")
        return said

    def _broken(self, node: yaml.Node, said: Any) -> Call:
        """A call that a careful model would not make: a text is sent as the arguments of `submit`."""
        if isinstance(said, str):
            return Call("submit", said)
        if isinstance(said, dict) and isinstance(said.get("tool"), str):
            return Call(said["tool"], str(said.get("arguments", "")))
        self._wrong(node, "`broken_call` takes a text, or {tool: …, arguments: …} with the arguments as text")
        return Call("submit", "")

    def _value(self, node: yaml.Node) -> Any:
        try:
            return self._values.construct_object(node, deep=True)
        except yaml.YAMLError:
            self._wrong(node, "cannot read this value")
            return None

    def _wrong(self, node: yaml.Node | None, message: str) -> None:
        mark = node.start_mark if node is not None else None
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        self.mistakes.append(f"{self._name}:{where}: {message}")
