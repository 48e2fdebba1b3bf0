"""Signals: what happened to a run from outside, kept until the lease holder applies it."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import runs
from adapters.store.statements import changed
from adapters.store.statements import insert as insert_into
from adapters.store.tables import signals
from core.names import Epoch, RunId
from core.records import Heard
from core.runs import NewSignal

_t = signals.c


async def insert(db: AsyncConnection, signal: NewSignal) -> bool:
    """Keep the signal and wake its run. False: this key was signalled before, or there is no such run.

    The run's row is locked first, whoever holds the lease: `runs.park` tells why.
    """
    if not await runs.lock(db, signal.run_id):
        return False
    statement = insert_into(db, signals).values(signal.model_dump()).on_conflict_do_nothing(index_elements=["key"])
    if not await changed(db, statement):
        return False
    await runs.wake(db, signal.run_id, signal.at)
    return True


async def pending(db: AsyncConnection, run_id: RunId) -> list[NewSignal]:
    """What is not applied yet, in the order in which it happened."""
    columns = [_t[name] for name in NewSignal.model_fields]
    query = sa.select(*columns).where(_t.run_id == run_id, _t.outcome.is_(None)).order_by(_t.at, _t.id)
    return [NewSignal(**row) for row in (await db.execute(query)).mappings()]


async def of_run(db: AsyncConnection, run_id: RunId) -> list[Heard]:
    """Every signal of the run with what became of it, in the order in which it happened."""
    columns = [_t[name] for name in Heard.model_fields]
    query = sa.select(*columns).where(_t.run_id == run_id).order_by(_t.at, _t.id)
    return [Heard(**row) for row in (await db.execute(query)).mappings()]


async def applied(db: AsyncConnection, run_id: RunId, epoch: Epoch, key: str, outcome: str) -> bool:
    """Say what came of the signal, in the transaction of what came of it. False: it was applied before.

    Raises LeaseLost where this epoch does not hold the run.
    """
    await runs.guard(db, run_id, epoch)
    statement = (
        sa.update(signals).where(_t.run_id == run_id, _t.key == key, _t.outcome.is_(None)).values(outcome=outcome)
    )
    return await changed(db, statement) == 1
