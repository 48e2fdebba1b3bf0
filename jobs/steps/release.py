"""Release: the commit that kept CI quiet is replaced by the same tree without the marker, once people approved it.

Both commits were made when the change was shipped, so nothing is decided here: an approval covers the final message and
the content, and neither changes. The push is an effect like any other, and says which commit it replaces. A worker that
dies around it leaves the intent, which whoever comes next carries out before anything else is looked at.
"""

from adapters.store import effects
from core import faults
from core.digests import digest, short
from core.effects import PushBranch
from core.names import Digest, Sha
from core.runs import Effect
from jobs import checks, handed
from jobs.memo import remembered
from jobs.steps.ship import Shipped, judge
from jobs.work import Work
from policies.result import Result
from policies.schema import Effective


async def as_it_lies(work: Work, shipped: Shipped) -> Shipped:
    """The shipment with the head that its branch has now: the final one as soon as its release was meant."""
    if shipped.final is None or await _meant(work, shipped.final) is None:
        return shipped
    return await _push(work, shipped, shipped.final)


async def release(
    asks: str, work: Work, shipped: Shipped, policy: Effective, approved: Result, change: Digest
) -> Shipped:
    """The shipment without the marker, with its checks on the final commit. Nothing where CI was not held.

    `approved` is what the gate says of exactly this content, which has the digest `change`: that people approved it,
    and at most that checks are still missing. `asks` is the step that wanted to know.
    """
    if shipped.final is None:
        return shipped
    released = await _push(work, shipped, shipped.final)
    faults.point("release.after_push")

    async def head() -> str:
        return released.head

    await remembered(work, f"{asks}{checks.RELEASED}", digest("released", released.head), head)
    await _put_checks(work, released, policy, approved, change)
    return released


async def _push(work: Work, shipped: Shipped, final: Sha) -> Shipped:
    await work.do(_name(final), PushBranch(branch=shipped.branch, sha=final, expected=shipped.held))
    return shipped.model_copy(update={"head": final})


async def _meant(work: Work, final: Sha) -> Effect | None:
    async with work.services.store.read() as db:
        return await effects.get(db, work.key(_name(final)))


def _name(final: Sha) -> str:
    return f"release:{short(Digest(final))}"


async def _put_checks(work: Work, shipped: Shipped, policy: Effective, approved: Result, change: Digest) -> None:
    """GitHub shows the checks of the head alone: what was said of the same content is said again there."""
    if (tests := handed.checked(work)) is not None:
        await checks.put_tests(work, shipped.head, tests)
    bench = await work.bench()
    content = await judge(work, bench, policy.policy, shipped.tree, shipped.paths, shipped.ci)
    await checks.put_policy(work, shipped.head, content, looked_at=approved.why if approved.approved else "")
    if (opinion := handed.opinion(work)) is not None:
        await checks.put_review(work, shipped.head, opinion)
    await checks.put_approval(work, shipped.head, approved, change)
