"""Before anything is pushed: what the policy's rules say of the change, and how many pull requests may be open."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.store import scopes
from core.digests import ChangedPath
from core.errors import ChangeRefused
from core.names import Sha
from core.runs import Waiting
from core.states import WaitingFor
from core.workflow import Step
from handlers import replies
from jobs import status
from jobs.considering import consider, with_approvals
from jobs.decided import decided
from jobs.heard import hear
from jobs.outcomes import End, Park
from jobs.planned import approved_plan
from jobs.pushers import pushers_of_change
from jobs.work import Work
from policies.deciding import decide
from policies.needs import rules_decide
from policies.render import markdown
from policies.rules import Action
from policies.schema import Effective

LOOK_AGAIN = timedelta(minutes=5)
"""How often a run looks whether a pull request was closed."""


async def may_ship(work: Work, policy: Effective, tree: Sha, paths: Sequence[ChangedPath]) -> None:
    """Raises ChangeRefused where the rules do not let this change be pushed. Nobody can approve it at this point."""
    if not rules_decide(policy.policy):
        return
    pushers = await pushers_of_change(work)
    touched = [path.path for path in paths]
    considered = await consider(work, policy.policy, Action.ship, paths=touched, pushers=pushers, tree=tree)
    planned = await approved_plan(work, policy, considered)
    verdict = decide(policy.policy, await with_approvals(work, policy.policy, considered, {"plan": planned}), {})
    await decided(work, verdict)
    if not verdict.approved:
        raise ChangeRefused(verdict.why, evidence=markdown(verdict))


async def one_more(step: Step, work: Work, limit: int | None) -> Park | End | None:
    """None where one more pull request of ours may be open here; else the run waits, and looks again.

    Runs that ship but have not opened theirs yet are counted too, the older ones only: of two that ship in the same
    moment one goes on. Called once the run has its paths.
    """
    if limit is None or work.run.pull_number is not None:
        return None
    if end := await hear(work, None, {}, about="change"):
        return end
    async with work.services.store.read() as db:
        before = await scopes.shipping_before(db, work.run.repo.id, work.run.id)
    numbers = sorted(pull.number for pull in await work.github.open_pulls() if pull.app_authored)
    if len(numbers) + before < limit:
        return None
    why = replies.too_many_open(limit, numbers)
    waiting = Waiting(what=WaitingFor.time, why=why, not_before=work.services.clock.now() + LOOK_AGAIN)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)
