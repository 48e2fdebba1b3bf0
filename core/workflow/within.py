"""What may stand within a `foreach`: whatever an item can do by itself. What people decide on or what leaves for GitHub
as one is said of the whole, after it. A list within a list, or another workflow, is a part of the item's own run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.documents import Path

_WHOLE = "people decide on the whole change, not on each item: put it after the `foreach`"
_SHIPPED = "the changes of all items are shipped together: put it after the `foreach`"
_REFUSED: Mapping[str, str] = {
    "gate": _WHOLE,
    "ask": "every item would ask the same person at once: put the question before the `foreach`",
    "ship": _SHIPPED,
    "ready": _SHIPPED,
    "merge": _SHIPPED,
}
_OF_THE_SUBJECT = frozenset({"triage", "revert", "onboard", "failed-run"})
_BUILT_IN = "it is about the run's subject, which all items share: put it before the `foreach`"


def misplaced(steps: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """What cannot stand among the steps of a `foreach`, with the reason, by its path; also below an `on_failure`."""
    for index, step in enumerate(steps if isinstance(steps, Sequence) and not isinstance(steps, str) else ()):
        if not isinstance(step, Mapping):
            continue
        place = (*path, index)
        for kind, why in _REFUSED.items():
            if step.get(kind) is not None:
                yield (*place, kind), f"`{kind}` cannot stand within `foreach`: {why}"
        if isinstance(uses := step.get("uses"), Mapping):
            yield from misplaced(uses.get("steps"), (*place, "uses", "steps"))
        elif (name := uses) in _OF_THE_SUBJECT:
            yield (*place, "uses"), f"`uses: {name}` cannot stand within `foreach`: {_BUILT_IN}"
        if isinstance(wait := step.get("wait"), Mapping) and "checks" in wait:
            yield (*place, "wait"), f"a `wait` for checks cannot stand within `foreach`: {_SHIPPED}"
        yield from misplaced(step.get("on_failure"), (*place, "on_failure"))
