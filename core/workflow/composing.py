"""Files put together: what `extends`, `uses` and `workflow` name takes the place of the name.

A workflow that comes out of here refers to nothing any more, so a run of it depends on no file that changes later.
Every mistake is told in the file whose author can mend it, with line and column.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from core.documents import MAX_BYTES, Document, Path, Room, load, mistakes
from core.errors import DocumentInvalid
from core.names import Value
from core.workflow.file import KNOWN, Extension, Workflow, parse
from core.workflow.inputs import Input, misfits
from core.workflow.overlay import Overlaid, overlaid
from core.workflow.pinned import pinned
from core.workflow.references import composite_references, meant, references
from core.workflow.sources import File
from core.workflow.steps import BUILT_IN, MOST_STEPS, Composite, Step
from core.workflow.triggers import unshippable, unspoken

MOST_VALUES_TOGETHER = 20_000
"""Keys and values of all files of a place. A file that has no room left counts as one that cannot be read."""

MOST_DEEP = 5
"""Workflows within one another, the outermost included."""

_ALONE = {
    "gate": "waits for people",
    "ask": "asks people",
    "ship": "opens a pull request",
    "ready": "asks for a review",
    "merge": "merges",
}
"""What only a run does that people see, by the kind of the step, and why."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a file came to. Without a `value` it has mistakes."""

    file: File
    said: Any
    """What it says itself and takes over, as far as it can be read."""
    mistakes: tuple[str, ...] = ()
    value: Mapping[str, Any] | None = None
    text: str = ""
    """The whole as one document, which refers to nothing else."""
    workflow: Workflow | None = None
    """None for a composite step."""
    inputs: Mapping[str, Input] | None = None
    count: int = 0
    """How many steps are in it."""
    depth: int = 1
    """How many workflows are within one another, this one included."""
    unread: bool = False
    """Whether nothing can be told of what it says."""


class Composing:
    """Every file of a place. Each is put together once; those that are `made` already were so in another place."""

    def __init__(self, files: Sequence[File], made: Iterable[Made] = ()) -> None:
        self._files = files
        self._made: dict[str, Made] = {one.file.path: one for one in made}
        self._at_work: list[File] = []
        self.room = Room(MOST_VALUES_TOGETHER)

    def made(self, file: File) -> Made:
        """The file put together with what it names."""
        if file.path not in self._made:
            self._at_work.append(file)
            self._made[file.path] = _File(self, file).made()
            self._at_work.pop()
        return self._made[file.path]

    def named(self, name: str, by: File, *, composite: bool) -> Made | str:
        """What `by` means by a name; or why there is no such thing, in words."""
        seen = [file for file in self._files if file.composite == composite and file.layer <= by.layer]
        of_name = [file for file in seen if file.name == name and file.path != by.path]
        if name == by.name and not composite:
            of_name = [file for file in of_name if file.layer < by.layer]
        if not of_name:
            known = {file.name for file in seen} | (set(BUILT_IN) if composite else set())
            what = f"there is no step `{name}` to use" if composite else f"there is no workflow `{name}`"
            return what + meant(name, known - {by.name})
        found = max(of_name, key=lambda file: file.layer)
        if found in self._at_work:
            way = [*self._at_work[self._at_work.index(found) :], found]
            return f"it comes back to itself: {' → '.join(f'`{file.name}`' for file in way)}"
        made = self.made(found)
        return made if made.value is not None else f"`{name}` has mistakes of its own: see `{found.path}`"


class _File:
    """One file on its way. `found` are its mistakes, by path in the file itself."""

    def __init__(self, composing: Composing, file: File) -> None:
        self.composing = composing
        self.file = file
        self.found: list[tuple[Path, str]] = []
        self.changed = False
        self.depth = 1
        self.count = 0
        self.bytes = 0

    def made(self) -> Made:
        file = self.file
        if file.text is None:
            return Made(file, None, (f"{file.path}:1:1: {file.why}",), unread=True)
        try:
            own = load(file.text, file.path, self.composing.room)
        except DocumentInvalid as error:
            return Made(file, None, tuple(error.mistakes), unread=True)
        if not isinstance(own.value, Mapping):
            value = {} if own.value is None else own.value
            told = [] if own.value is None else [own.mistake((), "the file must be a mapping of keys to values")]
            if not told:
                told = mistakes(own, _errors(Composite if file.composite else Workflow, value), known=KNOWN)
            return Made(file, value, tuple(told), unread=True)
        return self._composite(own) if file.composite else self._workflow(own)

    # Whole files ------------------------------------------------------------------------------------------------

    def _composite(self, own: Document) -> Made:
        file = self.file
        if own.value.get("name") != file.name and isinstance(own.value.get("name"), str):
            self.found.append((("name",), f"a composite step is called like its file: `{file.name}`"))
        if file.name in BUILT_IN:
            self.found.append((("name",), f"`{file.name}` is a step of the bot's own"))
        error = _errors(Composite, own.value)
        value = {**own.value, "steps": self._steps(own.value.get("steps"), ("steps",))}
        self._bounded()
        told = mistakes(own, error, known=KNOWN, more=[*self.found, *composite_references(own.value)])
        if told:
            return Made(file, own.value, in_order(file.path, told))
        said = Composite.model_validate(own.value)
        text = pinned(value)
        return Made(file, value, (), value, text, inputs=said.inputs, count=self.count, depth=self.depth)

    def _workflow(self, own: Document) -> Made:
        error = _errors(Extension if "extends" in own.value else Workflow, own.value)
        steps = {"steps": self._steps(own.value["steps"], ("steps",))} if "steps" in own.value else {}
        grown = Document(own.name, {**own.value, **steps}, own.places)
        over: Overlaid | None = None
        whole: Document | None = grown
        if "extends" in own.value:
            self.changed = True
            over = self._extended(grown)
            whole = over.document if over is not None else None
        self._bounded()
        told = mistakes(own, error, known=KNOWN, more=self.found)
        if whole is not None:
            more = [
                (path, self._within(path, message, whole.value, over, own.value))
                for path, message in (*references(whole.value), *unspoken(whole.value), *unshippable(whole.value))
            ]
            told += mistakes(whole, _errors(Workflow, whole.value) if not told else None, known=KNOWN, more=more)
        said = whole.value if whole is not None else own.value
        if told or whole is None:
            return Made(self.file, said, in_order(self.file.path, told))
        text = pinned(whole.value) if self.changed else self.file.text or ""
        if len(text.encode()) > MAX_BYTES:
            return Made(self.file, said, (own.mistake((), _too_large()),))
        workflow = parse(text, self.file.path)
        return Made(
            self.file,
            said,
            (),
            whole.value,
            text,
            workflow=workflow,
            inputs=workflow.inputs,
            count=self.count,
            depth=self.depth,
        )

    def _extended(self, own: Document) -> Overlaid | None:
        """The file over what it extends; None where that is not to be had, which is told."""
        name = own.value["extends"]
        if not isinstance(name, str):
            return None
        base = self._named(name, ("extends",), composite=False)
        if base is None or base.value is None:
            return None
        self.depth = max(self.depth, base.depth)
        self.count += base.count
        over = overlaid(own, base.value, replaces=name == self.file.name)
        self.found += over.found
        return over

    @property
    def _fits(self) -> bool:
        """Whether it may grow on: some small files that use one another many times would be without bounds."""
        return self.count <= MOST_STEPS and self.bytes <= MAX_BYTES

    def _bounded(self) -> None:
        if self.count > MOST_STEPS:
            self.found.append((("steps",), f"with those that they use there are more than {MOST_STEPS} steps"))
        if self.bytes > MAX_BYTES:
            self.found.append((("steps",), _too_large()))

    def _within(
        self, path: Path, message: str, whole: Mapping[str, Any], over: Overlaid | None, own: Mapping[str, Any]
    ) -> str:
        """The message, with where it is about where that is not what stands there in the file."""
        told = message
        if "uses" in path[:-1]:
            used = _at(whole, path[: path.index("uses") + 1])
            told = f"in `{used['name']}`: {told}"
        if over is not None and len(path) > 1 and path[0] == "steps" and path[1] in over.taken_over:
            told = f"in the step `{over.taken_over[int(path[1])]}` of `{own['extends']}`: {told}"
        return told

    # Steps ------------------------------------------------------------------------------------------------------

    def _steps(self, said: Any, path: Path) -> Any:
        """The steps with everything in them that they name."""
        if not isinstance(said, list):
            return said
        return [
            self._step(step, (*path, index)) if isinstance(step, Mapping) else step for index, step in enumerate(said)
        ]

    def _step(self, said: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
        self.count += 1
        step = dict(said)
        if "on_failure" in step:
            step["on_failure"] = self._steps(step["on_failure"], (*path, "on_failure"))
        foreach = step.get("foreach")
        if isinstance(foreach, Mapping) and "steps" in foreach:
            step["foreach"] = {**foreach, "steps": self._steps(foreach["steps"], (*path, "foreach", "steps"))}
        if "uses" in step:
            step["uses"] = self._used(step, path)
        if isinstance(step.get("workflow"), Mapping):
            step["workflow"] = self._sub(step["workflow"], (*path, "workflow"))
        return step

    def _used(self, step: Mapping[str, Any], path: Path) -> Any:
        name = step["uses"]
        if isinstance(name, Mapping):
            self.found.append(((*path, "uses"), "a composite step is a file: give its name"))
        if not isinstance(name, str) or name in BUILT_IN:
            return name
        used = self._named(name, (*path, "uses"), composite=True)
        if used is None:
            return name
        self._given(used, step.get("with"), path, name)
        self._grow(used)
        self.count += used.count
        self.depth = max(self.depth, used.depth)
        return used.value if self._fits else name

    def _sub(self, said: Mapping[str, Any], path: Path) -> Any:
        name = said.get("name")
        if "text" in said:
            self.found.append(((*path, "text"), "`text` is put here when a run begins: nobody writes it"))
        if not isinstance(name, str):
            return said
        sub = self._named(name, (*path, "name"), composite=False)
        if sub is None or sub.workflow is None:
            return said
        self._given(sub, said.get("with"), path, name)
        for step in _all(sub.workflow.steps):
            if (what := _alone(step)) is not None:
                why = f"its step `{step.id}` {what}, and only the run that people see does that"
                self.found.append(((*path, "name"), f"`{name}` cannot be part of another workflow: {why}"))
        self.depth = max(self.depth, sub.depth + 1)
        if sub.depth + 1 > MOST_DEEP:
            self.found.append(((*path, "name"), f"more than {MOST_DEEP} workflows are within one another"))
        self._grow(sub)
        return {**said, "text": sub.text} if self._fits else said

    def _named(self, name: str, path: Path, *, composite: bool) -> Made | None:
        found = self.composing.named(name, self.file, composite=composite)
        if isinstance(found, str):
            self.found.append((path, found))
            return None
        return found

    def _given(self, made: Made, given: Any, path: Path, name: str) -> None:
        for key, message in misfits(name, made.inputs or {}, given if isinstance(given, Mapping) else {}):
            self.found.append(((*path, "with", key) if key is not None else path, message))

    def _grow(self, made: Made) -> None:
        self.changed = True
        self.bytes += len(made.text)


def in_order(path: str, found: Sequence[str]) -> tuple[str, ...]:
    """Mistakes of one file, each once, by line and column."""

    def place(line: str) -> tuple[int, int]:
        row, column, _ = line.removeprefix(f"{path}:").split(":", 2)
        return int(row), int(column)

    return tuple(sorted(dict.fromkeys(found), key=place))


def _errors(model: type[Value], value: Any) -> ValidationError | None:
    try:
        model.model_validate(value)
    except ValidationError as error:
        return error
    return None


def _all(steps: Sequence[Step]) -> Iterator[Step]:
    """Every step, also those that another one is made of."""
    for step in steps:
        yield step
        yield from _all(step.on_failure)
        if isinstance(step.uses, Composite):
            yield from _all(step.uses.steps)
        if step.foreach is not None:
            yield from _all(step.foreach.steps)


def _alone(step: Step) -> str | None:
    """What the step does that a part of a run cannot do, in words; None where there is no such thing."""
    if step.uses == "triage":
        return "may end the run with an answer to people"
    return next((what for kind, what in _ALONE.items() if getattr(step, kind) is not None), None)


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _too_large() -> str:
    return f"with what it is made of the workflow is larger than {MAX_BYTES // 1024} KiB"
