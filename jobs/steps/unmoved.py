"""Whether what was shipped is still there as it was shipped: its pull request, its branch, and what lies beneath it."""

from core.errors import BaseMoved, BranchMoved, NotShownYet
from core.github import Pull
from core.names import Sha
from core.states import Trigger
from core.workspaces import Merged, Workspace
from jobs.outcomes import End
from jobs.steps.ship import Shipped
from jobs.work import Work


def closed(pull: Pull) -> End | None:
    """The end where a person merged or closed the pull request."""
    if pull.merged:
        return End(Trigger.finish, f"#{pull.number} was merged by a person", code="merged-by-person")
    if not pull.open:
        return End(Trigger.cancel, f"#{pull.number} was closed", code="closed")
    return None


def unmoved(work: Work, shipped: Shipped, pull: Pull) -> None:
    """Raises BranchMoved where somebody pushed to it, BaseMoved where it would now go into another branch.

    Looked at after the signals were applied: a push that one of them told of is seen here.
    """
    if pull.base_ref != work.run.base_ref:
        raise BaseMoved(
            f"Somebody pointed #{shipped.number} at `{pull.base_ref}`; it was made for `{work.run.base_ref}`."
        )
    if pull.head_sha == shipped.held != shipped.head:
        raise NotShownYet(f"GitHub does not show yet that `{shipped.branch}` is at {shipped.head[:12]}.")
    if pull.head_sha != shipped.head:
        raise BranchMoved(f"Somebody pushed to `{shipped.branch}`; what is there is not what was tested.")


class MovedUnder(BaseMoved):
    """The base is at `head` now, which changed `touched` paths of the change; `together` is both of them merged.

    Where it touched none, the change does not lie on it any more: a merge would bring something else besides.
    Whoever cannot go on from there lets it end the run.
    """

    def __init__(self, base_ref: str, head: Sha, touched: tuple[str, ...], together: Merged) -> None:
        paths = list(dict.fromkeys([*together.conflicts, *touched]))
        same = f"`{base_ref}` changed the same paths since: {', '.join(paths[:5])}."
        super().__init__(same if paths else f"The change does not lie on `{base_ref}` any more as it did.")
        self.head = head
        self.touched = touched
        self.together = together


async def base_stands(work: Work, shipped: Shipped) -> None:
    """Raises MovedUnder where the base changed under the paths of the change, does not go together with it, or is not
    what it lies on any more; another move elsewhere changes nothing.
    """
    head = await work.github.head_of(work.run.base_ref)
    if head is None or head == work.run.base_sha:
        return
    bench = await work.bench()
    await bench.fetch(head)
    if not await bench.workspace.has(shipped.head):
        await bench.fetch(shipped.head)
    if (moved := await moved_under(bench.workspace, work.run.base_ref, work.run.base_sha, head, shipped)) is not None:
        raise moved


async def moved_under(workspace: Workspace, base_ref: str, base: Sha, tip: Sha, shipped: Shipped) -> MovedUnder | None:
    """What the move of the base from `base` to `tip` does to the change; None where it stays what was approved.

    GitHub merges from wherever the two histories parted. Where that is not `base` alone, as when the base was put back,
    or holds some of the commits of the branch, the merge would bring what nobody was shown.
    """
    moved = {path.path for path in await workspace.changed_paths(base, tip)}
    touched = sorted(moved & {path.path for path in shipped.paths})
    together = await workspace.merged(base, tip, shipped.tree)
    parted = await workspace.merge_bases(tip, shipped.head)
    if touched or together.conflicts or parted != (base,):
        return MovedUnder(base_ref, tip, tuple(touched), together)
    return None
