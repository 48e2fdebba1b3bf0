"""A run that is to begin where another one is at work: it is refused, waits in line, or takes the other's place."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import events, line, runs, signals
from adapters.store.runs import Inserted
from core.names import RunId
from core.runs import NewRun, NewSignal, Run, SignalKind

BUSY = "no new run: an unfinished one has the subject"
MOST_IN_LINE = 20
"""Runs that may wait for one subject: a schedule must not grow a line that nothing ever works off."""


async def join(
    db: AsyncConnection, run: NewRun, concurrency: str, woken: set[RunId], *, gives_way: RunId | None = None
) -> NewRun | str:
    """The run as it was queued, or in words why it was not. Its subject was taken a moment ago.

    `supersede` cancels those of the same workflow that are there, whether at work or in line; behind another workflow's
    it waits like any other. The run that `gives_way` is cancelled whatever the workflow's file says, and no other for
    that; it does so only while nobody can let it go on as it is.
    """
    if concurrency == "refuse" and gives_way is None:
        return BUSY
    first = await line.ahead(db, run)
    if first is None:
        return run if await runs.insert(db, run) is Inserted.started else BUSY
    if gives_way is not None and not (first.id == gives_way and first.waiting is not None and first.waiting.stuck):
        return BUSY
    waiting = await line.standing(db, first.id)
    newer = concurrency == "supersede"
    replaced = [one for one in (first, *waiting) if one.id == gives_way or (newer and one.workflow == run.workflow)]
    if sum(one not in replaced for one in waiting) >= MOST_IN_LINE:
        return f"no new run: {MOST_IN_LINE} are in line behind run {first.id}"
    lined = run.model_copy(update={"behind_id": first.id})
    if (inserted := await runs.insert(db, lined)) is not Inserted.started:
        return f"no new run: {inserted.value}"
    for older in replaced:
        if await _supersede(db, older, run, run.created_at):
            woken.add(older.id)
    return lined


async def _supersede(db: AsyncConnection, older: Run, newer: NewRun, now: datetime) -> bool:
    """Call the older one off, once, whatever comes after the newer one. False: it was before."""
    why = f"run {newer.id} takes its place"
    signal = NewSignal(
        key=f"supersede:{older.id}",
        run_id=older.id,
        kind=SignalKind.cancel,
        actor=newer.requester,
        text=why,
        at=now,
    )
    if not await signals.insert(db, signal):
        return False
    await events.append(db, older.id, name="signal.cancel", actor=newer.requester, facts={"text": why}, at=now)
    return True


async def move_up(db: AsyncConnection, ended: Run, now: datetime) -> list[RunId]:
    """Let the next in line begin, in the transaction in which this run ends; whom to ring for."""
    first = await line.move_up(db, ended.id, now)
    if first is None:
        return []
    turn = NewSignal(key=f"line:{ended.id}:{first}", run_id=first, kind=SignalKind.moved_up, actor="pullwright", at=now)
    await signals.insert(db, turn)
    facts = {"behind": ended.id}
    await events.append(db, first, name="run.moved_up", actor="pullwright", facts=facts, at=now)
    return [first]
