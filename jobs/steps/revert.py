"""Revert: the newest merge of ours here is taken back. What was merged since then stays as it is.

The change is made of objects alone, by a three-way merge that nothing of the tree takes part in; where the same lines
changed since, no guess is made.
"""

from typing import Any

from adapters.store import runs
from core.digests import digest
from core.errors import RevertRefused
from core.github import Pull
from core.names import Sha, SubjectKind
from core.outputs import ChangeSummary
from core.workflow import Step
from handlers.neutralise import line
from jobs.memo import remembered
from jobs.outcomes import Done, Outcome
from jobs.work import Work
from jobs.workbench import Workbench

PATHS_SHOWN = 5
TITLE = 'Revert "{}"'
TITLE_CHARACTERS = 72


async def perform(step: Step, work: Work) -> Outcome:
    """Done with the tree without the merge, and with what its reverse is called. Raises RevertRefused."""
    asked = digest("revert", str(work.run.subject), work.run.base_ref, work.tree())
    found = await remembered(work, f"{step.id}/found", asked, lambda: _look(work))
    if "refused" in found:
        raise RevertRefused(found["refused"])
    return Done(found, f"#{found['pull']} is taken back")


async def _look(work: Work) -> dict[str, Any]:
    """The step's output; a refusal is found once too, and stands in the record."""
    try:
        pull, sha = await _merge_of_ours(work)
        tree = await _without(work, pull, sha)
        await work.keep_workspace(tree)
        title = line((await work.github.issue(pull.number)).title, TITLE_CHARACTERS - len(TITLE.format("")))
    except RevertRefused as refused:
        return {"refused": str(refused)}
    form = ChangeSummary(
        title=TITLE.format(title),
        summary=f"Takes back #{pull.number}, which was merged as {sha}.",
        kind="revert",
    )
    return {"form": form.model_dump(mode="json"), "tree": tree, "pull": pull.number, "merge": sha}


async def _merge_of_ours(work: Work) -> tuple[Pull, Sha]:
    """The pull request that the run is about, or the newest one merged of those that runs about its issue opened."""
    if work.run.subject.kind is SubjectKind.pull_request:
        numbers = [work.number]
    else:
        async with work.services.store.read() as db:
            found = await runs.of_subject(db, work.run.repo.id, work.number)
        numbers = [run.pull_number for run in found if run.pull_number is not None]
    for number in dict.fromkeys(numbers):
        pull = await work.github.pull(number)
        if pull.merged and pull.app_authored and pull.merge_sha is not None:
            return pull, pull.merge_sha
    raise RevertRefused(f"Nothing of ours was merged for {work.run.subject}, so there is nothing to take back.")


async def _without(work: Work, pull: Pull, merge: Sha) -> Sha:
    """The tree as it is now, without what the merge brought."""
    bench, now = await work.bench(), work.tree()
    workspace = bench.workspace
    await bench.fetch(merge)
    if await workspace.merge_base(merge, work.run.base_sha) != merge:
        raise RevertRefused(f"#{pull.number} was merged into `{pull.base_ref}`, and is not in `{work.run.base_ref}`.")
    before = (await workspace.parents(merge))[0]
    await _is_whole(bench, pull, before, merge)
    merged = await workspace.merged(merge, now, before)
    if merged.tree is None:
        raise RevertRefused(
            f"#{pull.number} cannot be taken back by itself: the same lines changed since then in "
            f"{', '.join(f'`{path}`' for path in merged.conflicts[:PATHS_SHOWN])}."
        )
    if not await workspace.changed_paths(now, merged.tree):
        raise RevertRefused(f"Nothing is left of #{pull.number} in `{work.run.base_ref}`: it is taken back already.")
    return merged.tree


async def _is_whole(bench: Workbench, pull: Pull, before: Sha, merge: Sha) -> None:
    """Raises RevertRefused where the merge is more commits than one: a rebase put them there one by one."""
    workspace = bench.workspace
    await bench.fetch(pull.head_sha)
    origin = await workspace.merge_base(before, pull.head_sha)
    brought = {path.path for path in await workspace.changed_paths(before, merge)}
    offered = {path.path for path in await workspace.changed_paths(origin or before, pull.head_sha)}
    if not offered <= brought:
        raise RevertRefused(f"#{pull.number} was merged as several commits; take them back by hand.")
