"""Schedules: when each workflow of a repository that has one comes next."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed
from adapters.store.statements import insert as insert_into
from adapters.store.tables import schedules
from core.names import Value

_t = schedules.c


class Scheduled(Value):
    """One line of a workflow's `schedule`, and the next time that it comes."""

    repo_id: int
    workflow: str
    said: str
    """The line as it was when this was computed: another one is another schedule."""
    next_at: datetime


async def of_repository(db: AsyncConnection, repo_id: int) -> list[Scheduled]:
    return await _rows(db, sa.select(schedules).where(_t.repo_id == repo_id))


async def due(db: AsyncConnection, now: datetime, limit: int) -> list[Scheduled]:
    """Those whose time has come, the earliest first."""
    return await _rows(db, sa.select(schedules).where(_t.next_at <= now).order_by(_t.next_at).limit(limit))


async def add(db: AsyncConnection, one: Scheduled) -> None:
    """Keep it; one that is there keeps its time."""
    await db.execute(insert_into(db, schedules).values(one.model_dump()).on_conflict_do_nothing())


async def move(db: AsyncConnection, one: Scheduled, next_at: datetime) -> bool:
    """Set its next time. False: somebody else did, or it is gone, so nothing may follow from this time."""
    same = (_t.repo_id == one.repo_id, _t.workflow == one.workflow, _t.said == one.said, _t.next_at == one.next_at)
    return await changed(db, sa.update(schedules).where(*same).values(next_at=next_at)) == 1


async def remove(db: AsyncConnection, gone: Iterable[Scheduled]) -> None:
    for one in gone:
        key = (_t.repo_id == one.repo_id, _t.workflow == one.workflow, _t.said == one.said)
        await db.execute(sa.delete(schedules).where(*key))


async def _rows(db: AsyncConnection, query: sa.Select[tuple[object, ...]]) -> list[Scheduled]:
    return [Scheduled(**row) for row in (await db.execute(query)).mappings()]
