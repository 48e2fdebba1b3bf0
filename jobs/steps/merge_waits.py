"""What a merge waits for once people approved: that it is no draft any more, and the checks that its base requires.

GitHub would refuse either. Waiting says what is missing and goes on by itself; what cannot come is said at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.ci import named, told
from core.errors import MergeRefused
from core.github import BranchRules
from core.runs import Waiting
from core.states import WaitingFor
from core.workflow import Step, Wait
from handlers import replies
from jobs import checks, status
from jobs.outcomes import Park
from jobs.steps import wait_checks
from jobs.steps.ship import Shipped
from jobs.steps.wait import began_at
from jobs.work import Work

LOOK_AGAIN = timedelta(minutes=5)
"""How often a draft is looked at although nothing was heard of it."""
MOST = 50
LONGEST = 200
"""Required checks that are waited for by name. GitHub itself keeps to all of them."""


async def no_draft(step: Step, work: Work, shipped: Shipped) -> Park:
    """The wait for somebody to take the pull request out of draft, where it was put back into it or never left it."""
    await work.say(f"draft:{step.id}", replies.is_draft(work.run.requester, shipped.number), number=shipped.number)
    why = f"#{shipped.number} is a draft, which nobody merges: it needs *Ready for review*."
    waiting = Waiting(
        what=WaitingFor.checks, why=why, person=work.run.requester, not_before=work.services.clock.now() + LOOK_AGAIN
    )
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def required_checks(
    step: Step, work: Work, shipped: Shipped, rules: BranchRules, heard: Sequence[datetime]
) -> Park | None:
    """The wait for what the base requires, None where all of it is green. Our own checks are not waited for.

    Raises ChecksRed and ChecksTimedOut as any wait does, and MergeRefused where a check did not come and CI is known
    to start nothing more for this commit.
    """
    others = [name for name in rules.required_checks if not name.startswith(f"{checks.PREFIX}/")]
    names = tuple(name for name in others if 0 < len(name) <= LONGEST)[:MOST]
    if not names:
        return None
    which = "/required"
    began = await began_at(work, f"{work.attempt(step)}{which}", step.id)
    if shipped.quiet and work.services.clock.now() - began >= wait_checks.GRACE:
        await _would_not_come(work, shipped, names)
    wait = Wait(checks="green", names=names)
    settled = await wait_checks.settled_on(step, wait, work, shipped, heard, began, which=which)
    return settled if isinstance(settled, Park) else None


async def _would_not_come(work: Work, shipped: Shipped, names: Sequence[str]) -> None:
    ours = (await work.app()).id
    there = told(await work.github.check_runs(shipped.head), await work.github.statuses(shipped.head), ours=ours)
    came = {one.name for one in there}
    missing = [check for check in named(there, names) if check.name not in came]
    if missing:
        raise MergeRefused(
            f"The rules of `{work.run.base_ref}` require {wait_checks.names(missing)}, and nothing was reported for "
            f"{shipped.head[:12]}. {shipped.quiet}"
        )
