"""What a merge brought, beside what people approved: each path of the whole tree, its mode and both of its blobs."""

from collections.abc import Sequence

from core.digests import ChangedPath
from core.github.pulls import MergeMethod
from core.names import Sha

MOST_NAMED = 5


def depths(method: MergeMethod | None, parents: Sequence[Sha], head: Sha, commits: int) -> tuple[int, ...]:
    """How far below a merge's result its base may lie, by first parents; nothing where it joins other commits.

    `parents` are those of the result, `commits` how many that are no merges the approved head brings; the method is
    None where a merge queue chose it. A squash and a merge are one commit on the base, a rebase is each commit anew.
    """
    if len(parents) == 2:
        return (1,) if parents[1] == head else ()
    if len(parents) > 2:
        return ()
    if method is MergeMethod.rebase:
        return (max(commits, 1),)
    return (1,) if method is not None else tuple(dict.fromkeys((1, max(commits, 1))))


def otherwise(approved: Sequence[ChangedPath], brought: Sequence[ChangedPath]) -> tuple[str, ...]:
    """The paths in which a merge brought anything else than was approved, or brought nothing that was."""
    return tuple(sorted({path.path for path in {*approved} ^ {*brought}}))


def told(merged: Sha, paths: Sequence[str]) -> str:
    """The sentence for people about a merge that brought something else."""
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return f"The merge {merged[:12]} brought something else than was approved in {', '.join(paths[:MOST_NAMED])}{more}."
