"""Budgets: what happens when a run may pay for nothing more.

It waits, with its work kept, until somebody raises the limit or ends it. A part of another run waits in the same way,
and what it asks is said once for all parts that ask the same.
"""

from decimal import Decimal

from adapters.store import effects, parts
from core.effects import PostComment
from core.errors import MoneySpent
from core.runs import NewEffect, Waiting
from core.states import WaitingFor
from core.workflow import Step
from handlers import replies
from jobs import status
from jobs.heard import hear
from jobs.outcomes import End, Park
from jobs.work import Work


async def ask(work: Work, step: Step, spent: MoneySpent) -> Park | End | None:
    """Wait for a higher limit. None where it was raised meanwhile: the step is tried again, from where it stopped.

    What came in is heard before the run is parked; else a rejection would keep it from ever being parked.
    """
    before = await work.limit_usd()
    if end := await hear(work, None, {}, about="run"):
        return end
    if await work.limit_usd() > before:
        return None
    waiting = Waiting(what=WaitingFor.budget, why=str(spent), person=work.run.requester)
    await _tell(work, before, str(spent))
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def _tell(work: Work, allowed: Decimal, why: str) -> None:
    """Ask for more, once for each limit that was reached. The effect belongs to no run, since any part may ask."""
    if work.thread is None:
        return
    async with work.services.store.begin() as db:
        whole = await parts.whole(db, work.run.id)
        act = PostComment(number=work.thread, body=replies.budget_spent(whole, work.run.requester, why))
        key, at = f"run:{whole}:budget:{allowed.normalize():f}", work.services.clock.now()
        await effects.insert(db, NewEffect(key=key, run_id=None, repo=work.run.repo, act=act, at=at))
