"""Wait: let time pass. The run is parked, and the clock wakes it; no process sleeps."""

from datetime import datetime, timedelta

from core.digests import digest
from core.runs import Waiting
from core.states import WaitingFor
from core.workflow import Step
from jobs import status
from jobs.heard import hear
from jobs.memo import remembered
from jobs.outcomes import Done, Outcome, Park
from jobs.work import Work


async def perform(step: Step, seconds: int, work: Work) -> Outcome:
    """Done when the time has passed since the wait first began: whatever wakes the run before parks it again."""

    began = await began_at(work, step.id, step.id)
    if end := await hear(work, None, {}, about="run"):
        return end
    passed, until = work.services.clock.now() - began, began + timedelta(seconds=seconds)
    if passed >= timedelta(seconds=seconds):
        return Done({"waited_seconds": int(passed.total_seconds())}, f"the time passed, since {_shown(began)}")
    waiting = Waiting(what=WaitingFor.time, why=f"`{step.id}` waits until {_shown(until)}.", not_before=until)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def began_at(work: Work, key: str, step: str) -> datetime:
    """When this wait first began, whoever looked at it since."""

    async def now() -> str:
        return work.services.clock.now().isoformat()

    return datetime.fromisoformat(await remembered(work, f"{key}/began", digest("wait", step), now))


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
