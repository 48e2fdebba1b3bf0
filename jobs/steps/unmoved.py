"""Whether what was shipped is still there as it was shipped: its pull request, its branch, and what lies beneath it."""

from core.errors import BaseMoved, BranchMoved, NotShownYet
from core.github import Pull
from core.states import Trigger
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


async def base_stands(work: Work, shipped: Shipped) -> None:
    """Raises BaseMoved where the base changed under the paths of the change; a move elsewhere changes nothing."""
    head = await work.github.head_of(work.run.base_ref)
    if head is None or head == work.run.base_sha:
        return
    bench = await work.bench()
    await bench.fetch(head)
    moved = {path.path for path in await bench.workspace.changed_paths(work.run.base_sha, head)}
    touched = sorted(moved & {path.path for path in shipped.paths})
    if touched:
        raise BaseMoved(f"`{work.run.base_ref}` changed the same paths since: {', '.join(touched[:5])}.")
