"""Our own branches."""

from core.effects import PushBranch
from core.errors import BoxUnavailable
from jobs.effects import Outside, Receipt


async def find(act: PushBranch, outside: Outside) -> Receipt | None:
    """The push is done when the branch is where we wanted it, whoever told us so."""
    return {"sha": act.sha} if await outside.github.head_of(act.branch) == act.sha else None


async def act(act: PushBranch, outside: Outside) -> Receipt:
    if outside.push is None:
        raise BoxUnavailable("A branch can only be pushed from the workspace of its run.")
    await outside.push.push(act.branch, act.sha, act.expected)
    return {"sha": act.sha}
