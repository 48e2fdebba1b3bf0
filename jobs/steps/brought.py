"""What a merge really brought is compared with what was approved: every path of the tree, beside the change as well."""

import asyncio
from collections.abc import Awaitable, Callable

from core.brought import depths, otherwise, told
from core.errors import MergeRefused, NotThere
from core.github import MergeMethod
from core.names import Sha
from core.workspaces import Workspace
from jobs import checks
from jobs.steps.ship import Shipped
from jobs.work import Work

PAUSES = (1.0, 2.0, 4.0)
"""Seconds. GitHub's git may learn of a merge a moment after its API told of it, which is no reason for an alarm."""


async def is_what_was_approved(work: Work, shipped: Shipped, merged: Sha, method: MergeMethod | None) -> None:
    """Raises MergeRefused, after a red check, where a merge brought anything else, or nobody can tell what it brought.

    `method` is how it was merged; None where that was a merge queue's to choose.
    """
    if (why := await _wrong(work, shipped, merged, method)) is not None:
        await checks.put_approval(work, shipped.head, None, None, why)
        raise MergeRefused(why)


async def _wrong(work: Work, shipped: Shipped, merged: Sha, method: MergeMethod | None) -> str | None:
    if merged == shipped.head:
        return None  # the approved commit itself, on the base that it was approved on
    bench = await work.bench()
    try:
        await fetched(bench.fetch, merged)
        if not await bench.workspace.has(shipped.head):
            await fetched(bench.fetch, shipped.head)
    except NotThere:
        return _untold(merged, "GitHub does not have its commits any more.")
    return await different(bench.workspace, work.run.base_sha, shipped, merged, method)


async def fetched(fetch: Callable[[Sha], Awaitable[None]], commit: Sha) -> None:
    """Have the commit here. Raises NotThere where GitHub's git does not come to have it within PAUSES."""
    for pause in PAUSES:
        try:
            return await fetch(commit)
        except NotThere:
            await asyncio.sleep(pause)
    return await fetch(commit)


async def different(
    workspace: Workspace, approved_on: Sha, shipped: Shipped, merged: Sha, method: MergeMethod | None
) -> str | None:
    """What is wrong with a merge of what was shipped and approved on this base; None where it brought exactly that.

    The base may have moved elsewhere before the merge: the merge is seen against the commit that it was made on.
    """
    paths = list[tuple[str, ...]]()
    commits = await workspace.commits_between(approved_on, shipped.head)
    below = depths(method, await workspace.parents(merged), shipped.head, commits)
    for base in [await _ancestor(workspace, merged, depth) for depth in below]:
        if base is not None:
            paths.append(otherwise(shipped.paths, await workspace.changed_paths(base, merged)))
    if () in paths:
        return None
    if not paths:
        joins = (
            "the commit that it was made on is not there." if below else "it joins other commits than the approved one."
        )
        return _untold(merged, joins)
    return told(merged, min(paths, key=len))


def _untold(merged: Sha, why: str) -> str:
    return f"What the merge {merged[:12]} brought cannot be compared with what was approved: {why}"


async def _ancestor(workspace: Workspace, commit: Sha, depth: int) -> Sha | None:
    """The commit so far below by first parents; None where there is none, or it is not here."""
    for _ in range(depth):
        parents = await workspace.parents(commit)
        if not parents or not await workspace.has(parents[0]):
            return None
        commit = parents[0]
    return commit
