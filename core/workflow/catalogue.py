"""The workflows that may be started in one place: the built-in ones, those of the owner, and a repository's own.

Of two with the same name the repository's own counts before its owner's, and that before the built-in one. A file with
a mistake stays in the catalogue, under the command and label that it asks for: whoever gives them is told. It starts
nothing, and none of its name in a lower layer takes its place.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from core.documents import Path, load, mistakes
from core.workflow.composing import Composing, Made, in_order
from core.workflow.file import Listen, Workflow
from core.workflow.sources import FOLDER, OWNERS, STEPS, SUFFIX, File, Layer, in_owners, is_owners

__all__ = [
    "FOLDER",
    "LABELS",
    "OWNERS",
    "STEPS",
    "SUFFIX",
    "Catalogue",
    "Entry",
    "File",
    "Layer",
    "Piece",
    "by_itself",
    "catalogue",
    "in_owners",
    "is_owners",
]

LABELS = "pullwright:"
"""How the labels of workflows begin; every other label is none of our business."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A workflow by its name; without a `workflow` its file has mistakes."""

    name: str
    path: str
    text: str
    """All of it in one document, which a run pins: what its file names stands in the place of the name."""
    own: bool
    """Whether it is not built in: the repository's own, or its owner's."""
    command: str | None
    label: str | None
    workflow: Workflow | None
    mistakes: tuple[str, ...] = ()
    """Each with file, line and column, in the order of the file."""
    assumed: bool = False
    """Whether the file cannot be read at all, so that command and label are what its name would stand for."""
    layer: Layer = Layer.built_in
    written: str = ""
    """Its file, as it stands."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A composite step by its name."""

    name: str
    path: str
    layer: Layer
    mistakes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """At most one entry by each name, in the order of the names."""

    entries: tuple[Entry, ...] = ()
    pieces: tuple[Piece, ...] = ()
    """The composite steps that there are, each file of them."""
    origins: tuple[str, ...] = ()
    """The repositories beside this one that files were read of, each as `owner/name@commit`."""

    def get(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.name == name), None)

    def listening(self, key: str) -> tuple[tuple[str, Listen], ...]:
        """The workflows, by name, that have this key of `on:`, with all that they listen to."""
        found = [(entry.name, entry.workflow.on) for entry in self.entries if entry.workflow is not None]
        return tuple((name, on) for name, on in found if getattr(on, key))

    @property
    def broken(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.workflow is None)


def catalogue(
    built_in: Mapping[str, str],
    own: Sequence[File] = (),
    *,
    reserved: Collection[str] = (),
    origins: Sequence[str] = (),
) -> Catalogue:
    """What may be started where these files are. `reserved` are the commands that mean something else already.

    Of files with the same name the one of the highest layer counts. A command or label that two workflows ask for is a
    mistake of the one in the higher layer, or of both in the same: which of them was meant cannot be told.
    """
    shipped = _shipped(built_in)
    composing = Composing([*shipped, *own], _made(shipped))
    commands = {file.name: _word(composing.made(file).said, "command") for file in shipped}
    counts = {file.name: file for file in sorted((*shipped, *own), key=lambda file: file.layer) if not file.composite}
    entries = [
        _entry(composing.made(file), frozenset(reserved) - {commands.get(file.name)}) for file in counts.values()
    ]
    found = [_alone(entry, entries) for entry in entries]
    return Catalogue(
        tuple(sorted(found, key=lambda entry: entry.name)),
        tuple(Piece(file.name, file.path, file.layer, composing.made(file).mistakes) for file in own if file.composite),
        tuple(origins),
    )


def by_itself(built_in: Mapping[str, str], path: str, text: str) -> Entry:
    """A file with nothing beside it but the built-in workflows, whatever it is called and wherever it lies."""
    file = File(path, text)
    made = Composing([*_shipped(built_in), file]).made(file)
    workflow = made.workflow
    return Entry(
        name=workflow.name if workflow is not None else file.name,
        path=path,
        text=made.text or text,
        own=True,
        command=_word(made.said, "command"),
        label=_word(made.said, "label"),
        workflow=workflow,
        mistakes=made.mistakes,
        layer=file.layer,
        written=text,
    )


def _shipped(built_in: Mapping[str, str]) -> tuple[File, ...]:
    return tuple(File(f"{name}{SUFFIX}", text, layer=Layer.built_in) for name, text in built_in.items())


@lru_cache(maxsize=1)
def _made(shipped: tuple[File, ...]) -> tuple[Made, ...]:
    """The built-in files put together. They see nothing above them, so they come to the same in every place."""
    composing = Composing(shipped)
    return tuple(composing.made(file) for file in shipped)


def _entry(made: Made, reserved: Collection[str]) -> Entry:
    file, written = made.file, made.file.text or ""
    command, label, found = _word(made.said, "command"), _word(made.said, "label"), [*made.mistakes]
    if made.unread:
        command, label = file.name, LABELS + file.name
    else:
        if file.layer > Layer.built_in:
            more = [*_misplaced(file, made.said, reserved)]
            found += mistakes(load(written, file.path), None, more=more) if more else []
    return Entry(
        name=file.name,
        path=file.path,
        text=made.text or written,
        own=file.layer > Layer.built_in,
        command=command,
        label=label,
        workflow=None if found else made.workflow,
        mistakes=in_order(file.path, found),
        assumed=made.unread,
        layer=file.layer,
        written=written,
    )


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
        if other.name == entry.name or other.assumed or other.layer > entry.layer:
            continue
        by = f"`{other.path}` listens to it" if other.own else f"the built-in `{other.name}` listens to it"
        if entry.command is not None and entry.command == other.command:
            more.append((("on", "command"), f"`/{entry.command}` is taken: {by}"))
        if entry.label is not None and entry.label.lower() == (other.label or "").lower():
            more.append((("on", "label"), f"the label `{entry.label}` is taken: {by}"))
    if not more:
        return entry
    found = [*entry.mistakes, *mistakes(load(entry.written, entry.path), None, more=more)]
    return replace(entry, workflow=None, mistakes=in_order(entry.path, found))


def _word(value: Any, key: str) -> str | None:
    """What the file asks to be started by, also where it has mistakes elsewhere."""
    on = value.get("on") if isinstance(value, Mapping) else None
    word = on.get(key) if isinstance(on, Mapping) else None
    return word if isinstance(word, str) else None
