"""A box that somebody ticked in a comment of ours: what stands there now is what we wrote, but for one box.

The edit itself says nothing about who made it, and a payload can be forged: whoever GitHub's own history of the comment
names is the actor, and only where nobody else ever wrote there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.github import CommentEdit, CommentHistory
from handlers.replies.boxes import REJECT_BOX, approves

EMPTY = "- [ ] "
TICKED = ("- [x] ", "- [X] ")


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick stands for. An approval is of what its own line names."""

    verb: Literal["approve", "reject"]
    digest: str | None = None


def might_tick(before: str, after: str) -> bool:
    """Whether an edit only ticked a box of some kind, and nothing else: GitHub need be asked about no other."""
    changed = _changed(before, after)
    return changed is not None and changed[0].startswith(EMPTY) and _is_ticked(*changed)


def ticked(ours: str, now: str) -> Tick | None:
    """The tick that makes what we wrote into what is there `now`; None where anything else differs as well.

    Of equal lines the last one is the box: what a model wrote stands above it.
    """
    changed = _changed(ours, now)
    if changed is None or not _is_ticked(*changed):
        return None
    row, _ = changed
    digest = approves(row)
    if digest is None and row != REJECT_BOX:
        return None
    mine, theirs = _rows(ours), _rows(now)
    if row == theirs[max(place for place, one in enumerate(mine) if one == row)]:
        return None
    return Tick("reject") if digest is None else Tick("approve", digest)


def only_ticked(history: CommentHistory, written: Sequence[str], ticks: frozenset[str], us: str) -> bool:
    """Whether nobody but us ever wrote in the comment, and others at most ticked a box of it.

    `written` is what we put there, `ticks` are the edits heard already. At most one more edit may be there, and only
    where a box is ticked now: as all the others were looked at before it was made, it is the one that did that.
    """
    strange = unheard(history, ticks, us)
    if any(edit.deleted for edit in strange) or len(strange) > 1:
        return False
    if any(ticked(ours, history.body) for ours in written):
        return True
    return not strange and any(_rows(ours) == _rows(history.body) for ours in written)


def unheard(history: CommentHistory, ticks: frozenset[str], us: str) -> list[CommentEdit]:
    """The edits that are not ours, nor ticks that were heard already."""
    return [edit for edit in history.edits if edit.by != us and edit.id not in ticks]


def _changed(before: str, after: str) -> tuple[str, str] | None:
    """The one row that differs, before and after; None where more does, or none."""
    mine, theirs = _rows(before), _rows(after)
    if len(mine) != len(theirs):
        return None
    changed = [pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1]]
    return changed[0] if len(changed) == 1 else None


def _is_ticked(before: str, after: str) -> bool:
    return any(after == mark + before.removeprefix(EMPTY) for mark in TICKED)


def _rows(body: str) -> list[str]:
    return body.replace("\r\n", "\n").rstrip().split("\n")
