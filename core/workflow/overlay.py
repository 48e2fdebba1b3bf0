"""`extends`: a workflow file laid over another workflow. Values in, values out; every value keeps its place.

What is taken over stands where the file says `extends`: a mistake that only shows in both together is told there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.documents import Document, Path
from core.workflow.references import meant

_OWN_KEYS = frozenset({"extends", "remove"})
_PLACING = ("before", "after")
_MERGED = ("inputs", "outputs")


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The two as one. `found` are the mistakes of how they were put together, by path in the file itself."""

    document: Document
    taken_over: Mapping[int, str]
    """The steps that are the other's, by index: what each is called there."""
    found: tuple[tuple[Path, str], ...]


def overlaid(own: Document, base: Mapping[str, Any], *, replaces: bool) -> Overlaid:
    """The file's value over that of the workflow that it extends.

    `replaces`: it is there instead of the other, so it is also started by what starts that. Beside it, it is started
    by what it says itself: one command starts one workflow.
    """
    value: dict[str, Any] = {key: said for key, said in base.items() if key != "on" or replaces}
    said = own.value
    value.update({key: item for key, item in said.items() if key not in {*_OWN_KEYS, *_MERGED, "steps", "on"}})
    for key in ("on", *_MERGED):
        if isinstance(said.get(key), Mapping):
            value[key] = {**value.get(key, {}), **said[key]}
    steps = _Steps(base["steps"])
    steps.remove(said.get("remove"))
    steps.lay(said.get("steps"))
    value["steps"] = [step for step, _ in steps.rows]
    return Overlaid(
        document=Document(own.name, value, dict(_places(own, steps.rows))),
        taken_over={
            index: str(step.get("id"))
            for index, (step, origin) in enumerate(steps.rows)
            if origin is None and isinstance(step, Mapping)
        },
        found=tuple(steps.found),
    )


class _Steps:
    """The steps, each with its index in the file itself; None where it is taken over."""

    def __init__(self, base: Sequence[Any]) -> None:
        self.rows: list[tuple[Any, int | None]] = [(step, None) for step in base]
        self.found: list[tuple[Path, str]] = []
        self._there = [str(step["id"]) for step in base]

    def remove(self, said: Any) -> None:
        for index, name in enumerate(said if isinstance(said, list) else ()):
            at = self._at(name)
            if at is None:
                self._wrong(("remove", index), str(name))
            else:
                del self.rows[at]

    def lay(self, said: Any) -> None:
        for index, step in enumerate(said if isinstance(said, list) else ()):
            if isinstance(step, Mapping) and isinstance(step.get("id"), str):
                self._one(step, index)

    def _one(self, step: Mapping[str, Any], index: int) -> None:
        plain = {key: value for key, value in step.items() if key not in _PLACING}
        placing = [key for key in _PLACING if key in step]
        path: Path = ("steps", index)
        at = self._at(step["id"])
        if at is not None and self.rows[at][1] is None:
            if placing:
                self.found.append(((*path, placing[0]), "it takes the place of the step with its id: it stays there"))
            self.rows[at] = (plain, index)
        elif len(placing) != 1:
            near = meant(step["id"], self._there)
            self.found.append((path, f"a new step says either `before` or `after` which step it comes{near}"))
        elif (beside := self._at(step[placing[0]])) is None:
            self._wrong((*path, placing[0]), str(step[placing[0]]))
        else:
            self.rows.insert(beside + (placing[0] == "after"), (plain, index))

    def _at(self, name: Any) -> int | None:
        return next((at for at, (step, _) in enumerate(self.rows) if step.get("id") == name), None)

    def _wrong(self, path: Path, name: str) -> None:
        known = [step.get("id") for step, _ in self.rows]
        self.found.append((path, f"there is no step `{name}` in what it extends{meant(name, known)}"))


def _places(own: Document, rows: Sequence[tuple[Any, int | None]]) -> Iterator[tuple[Path, tuple[int, int]]]:
    extends = own.place(("extends",))
    for path, place in own.places.items():
        if path[:1] != ("steps",) or len(path) == 1:
            yield path, place
    moved = {origin: index for index, (_, origin) in enumerate(rows) if origin is not None}
    for path, place in own.places.items():
        if len(path) > 1 and path[0] == "steps" and path[1] in moved:
            yield ("steps", moved[path[1]], *path[2:]), place
    for index, (_, origin) in enumerate(rows):
        if origin is None:
            yield ("steps", index), extends
