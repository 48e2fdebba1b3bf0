"""The workflows that may be started in one place: the built-in ones, and a repository's own beside or instead of them.

A repository's file with a mistake stays in the catalogue, under the command and label that it asks for: whoever gives
them is told. It starts nothing, and no built-in of its name takes its place.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.documents import Path, load, mistakes
from core.errors import DocumentInvalid
from core.workflow.file import Workflow, parse

FOLDER = ".github/pullwright/workflows"
SUFFIX = ".yml"
LABELS = "pullwright:"
"""How the labels of workflows begin; every other label is none of our business."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a repository's own. `text` is None where it was not read, and `why` says why not."""

    path: str
    text: str | None
    why: str = ""

    @property
    def name(self) -> str:
        """What its workflow is called."""
        return self.path.rpartition("/")[2].removesuffix(SUFFIX)


@dataclass(frozen=True, slots=True)
class Entry:
    """A workflow by its name; without a `workflow` its file has mistakes."""

    name: str
    path: str
    text: str
    own: bool
    """Whether it is the repository's own."""
    command: str | None
    label: str | None
    workflow: Workflow | None
    mistakes: tuple[str, ...] = ()
    """Each with file, line and column, in the order of the file."""
    assumed: bool = False
    """Whether the file cannot be read at all, so that command and label are what its name would stand for."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """At most one entry by each name, in the order of the names."""

    entries: tuple[Entry, ...] = ()

    def get(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.name == name), None)

    @property
    def broken(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.workflow is None)


def catalogue(built_in: Mapping[str, str], own: Sequence[File] = (), *, reserved: Collection[str] = ()) -> Catalogue:
    """What may be started where these files are. `reserved` are the commands that mean something else already.

    A command or label that two workflows ask for is a mistake of each that is the repository's: which of them was
    meant cannot be told.
    """
    replaced = {file.name for file in own}
    shipped = {name: _shipped(name, text) for name, text in built_in.items()}
    entries = [entry for name, entry in shipped.items() if name not in replaced]
    for file in own:
        known = shipped.get(file.name)
        entries.append(_own(file, frozenset(reserved) - {known.command if known is not None else None}))
    found = [_alone(entry, entries) for entry in entries]
    return Catalogue(tuple(sorted(found, key=lambda entry: entry.name)))


def _shipped(name: str, text: str) -> Entry:
    path = f"{name}{SUFFIX}"
    workflow = parse(text, path)
    return Entry(name, path, text, False, workflow.on.command, workflow.on.label, workflow)


def _own(file: File, reserved: Collection[str]) -> Entry:
    if file.text is None:
        return _assumed(file, "", [f"{file.path}:1:1: {file.why}"])
    try:
        document = load(file.text, file.path)
    except DocumentInvalid as error:
        return _assumed(file, file.text, error.mistakes)
    command, label = _word(document.value, "command"), _word(document.value, "label")
    found = mistakes(document, None, more=_misplaced(file, document.value, reserved))
    workflow = None
    try:
        workflow = parse(file.text, file.path)
    except DocumentInvalid as error:
        found += error.mistakes
    if not isinstance(document.value, Mapping):
        return _assumed(file, file.text, found)
    if found:
        workflow = None
    return Entry(file.name, file.path, file.text, True, command, label, workflow, _in_order(file.path, found))


def _assumed(file: File, text: str, found: Sequence[str]) -> Entry:
    return Entry(file.name, file.path, text, True, file.name, LABELS + file.name, None, tuple(found), assumed=True)


def _misplaced(file: File, value: Any, reserved: Collection[str]) -> Iterator[tuple[Path, str]]:
    """What is wrong with the file as one of a repository's own, whatever it says."""
    command, label = _word(value, "command"), _word(value, "label")
    name = value.get("name") if isinstance(value, Mapping) else None
    if isinstance(name, str) and name != file.name:
        yield ("name",), f"a workflow is called like its file: `{file.name}`"
    if command in reserved:
        yield ("on", "command"), f"`/{command}` is a command of the bot's own"
    if label is not None and not label.lower().startswith(LABELS):
        yield ("on", "label"), f"a workflow's label begins with `{LABELS}`"


def _alone(entry: Entry, entries: Sequence[Entry]) -> Entry:
    """The entry, broken where another one asks for its command or label."""
    if not entry.own or entry.assumed:
        return entry
    more: list[tuple[Path, str]] = []
    for other in entries:
        if other.name == entry.name or other.assumed:
            continue
        by = f"`{other.path}` listens to it" if other.own else f"the built-in `{other.name}` listens to it"
        if entry.command is not None and entry.command == other.command:
            more.append((("on", "command"), f"`/{entry.command}` is taken: {by}"))
        if entry.label is not None and entry.label.lower() == (other.label or "").lower():
            more.append((("on", "label"), f"the label `{entry.label}` is taken: {by}"))
    if not more:
        return entry
    found = [*entry.mistakes, *mistakes(load(entry.text, entry.path), None, more=more)]
    return replace(entry, workflow=None, mistakes=_in_order(entry.path, found))


def _in_order(path: str, found: Sequence[str]) -> tuple[str, ...]:
    def place(line: str) -> tuple[int, int]:
        row, column, _ = line.removeprefix(f"{path}:").split(":", 2)
        return int(row), int(column)

    return tuple(sorted(dict.fromkeys(found), key=place))


def _word(value: Any, key: str) -> str | None:
    """What the file asks to be started by, also where it has mistakes elsewhere."""
    on = value.get("on") if isinstance(value, Mapping) else None
    word = on.get(key) if isinstance(on, Mapping) else None
    return word if isinstance(word, str) else None
