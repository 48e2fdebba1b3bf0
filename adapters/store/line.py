"""The line before a subject: runs that wait, in the order of their coming, for the one at work there to end.

All of them stand behind the same run. When it ends, the first of them takes its place and the others stand behind that
one, in the transaction of the end: whatever dies in between, the line is never without a head.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.rows import run_of
from adapters.store.statements import changed
from adapters.store.tables import runs, signals
from core.names import RunId, SubjectKind
from core.runs import NewRun, Run, SignalKind

_t = runs.c


async def ahead(db: AsyncConnection, run: NewRun) -> Run | None:
    """The run that has this one's subject, kept as it is until the transaction ends; None where it is over by now.

    Whoever ends it waits for that, and then sees who stands behind it: nobody is left behind a run that is over.
    """
    alone = sa.and_(_t.ended_at.is_(None), _t.parent_id.is_(None), _t.behind_id.is_(None))
    same = sa.and_(_t.repo_id == run.repo.id, _t.subject_kind == run.subject.kind)
    if run.subject.kind is SubjectKind.repository:
        same = sa.and_(same, _t.workflow == run.workflow)
    else:
        same = sa.and_(same, _t.subject_number == run.subject.number)
    query = sa.select(runs).where(alone, same).with_for_update(key_share=True)
    row = (await db.execute(query)).mappings().first()
    return run_of(row) if row else None


async def behind(db: AsyncConnection, run_id: RunId) -> list[Run]:
    """Who stands behind this run, first come first."""
    query = sa.select(runs).where(_t.behind_id == run_id).order_by(_t.created_at, _t.id)
    return [run_of(row) for row in (await db.execute(query)).mappings()]


async def standing(db: AsyncConnection, run_id: RunId) -> list[Run]:
    """Those of them that nobody called off yet: the others end as soon as it is their turn."""
    calls_off = signals.c.kind.in_([SignalKind.cancel, SignalKind.closed])
    called_off = sa.exists().where(signals.c.run_id == _t.id, signals.c.outcome.is_(None), calls_off)
    query = sa.select(runs).where(_t.behind_id == run_id, ~called_off).order_by(_t.created_at, _t.id)
    return [run_of(row) for row in (await db.execute(query)).mappings()]


async def move_up(db: AsyncConnection, ended: RunId, now: datetime) -> RunId | None:
    """The run that is at work on the subject from now on, or None where nobody stood behind the one that ended.

    Call it in the transaction of the end, after it.
    """
    first = sa.select(_t.id).where(_t.behind_id == ended).order_by(_t.created_at, _t.id).limit(1)
    found = (await db.execute(first)).scalar_one_or_none()
    if found is None:
        return None
    await changed(db, sa.update(runs).where(_t.id == found).values(behind_id=None, updated_at=now))
    await changed(db, sa.update(runs).where(_t.behind_id == ended).values(behind_id=found))
    return RunId(found)
