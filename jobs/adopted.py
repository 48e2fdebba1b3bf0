"""Adopted: what people pushed to the run's branch and had it go on with. It is the change from there on.

Their commits stay in the history of the branch: what the run makes of them later comes behind them, and never in their
place.
"""

from core.names import Sha, Value
from jobs.work import BASE, Work

ADOPTED = "adopted"
"""The key in what sent the run back that says which commit of theirs it is."""


class Adopted(Value):
    """Somebody's commit."""

    head: Sha
    tree: Sha
    base: Sha
    """Where it left the base branch."""


def newest(work: Work) -> Adopted | None:
    """What was adopted last; None where nothing was."""
    for back in reversed(work.went_back()):
        if ADOPTED in back:
            return Adopted(head=back[ADOPTED], tree=back["tree"], base=back[BASE])
    return None


def as_pushed(work: Work, tree: Sha) -> Sha | None:
    """Their commit, where this tree is what they pushed and nothing was made of it; else None."""
    theirs = newest(work)
    return theirs.head if theirs is not None and (theirs.tree, theirs.base) == (tree, work.run.base_sha) else None


def parents(work: Work) -> tuple[Sha, ...]:
    """What a commit of the run's comes behind: its base, or what people pushed and, where it moved since, the base."""
    theirs, base = newest(work), work.run.base_sha
    if theirs is None:
        return (base,)
    return (theirs.head,) if theirs.base == base else (theirs.head, base)
