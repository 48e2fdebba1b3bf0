"""The scope of a run that ships: while its pull request is open, no other run ships a change to the same paths.

Two such changes would be approved beside each other, and the second merge would break on the first. From the step
`ship` until its end a run has its paths; whoever wants one of them waits for that end, which tells it.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import runs, scopes, signals
from adapters.store.scopes import InTheWay
from core.names import RunId
from core.runs import NewSignal, Run, SignalKind, Waiting
from core.states import TERMINAL, WaitingFor
from core.workflow import Step
from handlers import replies
from jobs import status
from jobs.heard import hear
from jobs.lease import Lease
from jobs.outcomes import End, Park
from jobs.work import Work


async def taken(step: Step, work: Work, paths: Sequence[str]) -> Park | End | None:
    """None where the run has the paths from now on; else it waits for whoever ships one of them, or will before it.

    What was said is heard before the second look: that the other run ended may be told between the looks, and what
    comes after the second one keeps the run from being parked. Raises PathsEntangled.
    """
    if await _take(work, paths) is None:
        return None
    if end := await hear(work, None, {}, about="change"):
        return end
    if (other := await _take(work, paths)) is None:
        return None
    why = replies.in_the_way(other.run_id, other.pull_number, other.path)
    waiting = Waiting(what=WaitingFor.paths, why=why)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def _take(work: Work, paths: Sequence[str]) -> InTheWay | None:
    async with work.services.store.begin() as db:
        await scopes.lock(db, work.run.repo.id)
        await runs.guard(db, work.run.id, work.epoch)
        return await scopes.take(db, work.run.id, work.run.repo.id, paths)


@asynccontextmanager
async def ending(lease: Lease, run: Run, beside: Iterable[RunId]) -> AsyncIterator[AsyncConnection]:
    """The transaction that ends the run and writes to the runs `beside` it and to those that wait for its paths.

    Raises LeaseLost. All rows are taken in one order: see `runs.lock_in_order`.
    """
    async with lease.store.begin() as db:
        await scopes.lock(db, run.repo.id)
        await runs.lock_in_order(db, {run.id, *beside, *await scopes.waiting_for(db, run.id)})
        await runs.guard(db, run.id, lease.epoch)
        yield db


async def free(db: AsyncConnection, run: Run, at: datetime) -> list[RunId]:
    """Give the paths back, in the transaction of the run's end, and tell who waits for them; ring for these."""
    told = []
    for waiting in await scopes.free(db, run.id):
        signal = NewSignal(
            key=f"paths:{run.id}:{waiting}", run_id=waiting, kind=SignalKind.paths_free, actor="pullwright", at=at
        )
        if (await runs.require(db, waiting)).state not in TERMINAL and await signals.insert(db, signal):
            told.append(waiting)
    return told
