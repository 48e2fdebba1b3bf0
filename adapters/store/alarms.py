"""Alarms: what goes wrong in a repository, once while it lasts, however often it shows."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import alarms, repositories
from core.boards import Alarm, AlarmKind

LOOK_SECONDS = 300
"""How often something is looked at that has no time at which it is over."""

_t = alarms.c


async def raise_(db: AsyncConnection, repo_id: int, alarm: Alarm) -> bool:
    """Keep the alarm. False: it stands already, since when it was first; it may last longer by this."""
    row = {**alarm.model_dump(), "why": sayable(db, alarm.why)}
    look = {"look_at": alarm.until or alarm.since + timedelta(seconds=LOOK_SECONDS)}
    new = insert_into(db, alarms).values(repo_id=repo_id, **row, **look).on_conflict_do_nothing()
    if await changed(db, new):
        return True
    if alarm.until is not None:
        longer = sa.update(alarms).where(_one(repo_id, alarm), _t.until < alarm.until)
        await db.execute(longer.values(until=alarm.until, look_at=alarm.until))
    return False


async def calm(db: AsyncConnection, repo_id: int, alarm: Alarm) -> bool:
    """The alarm is over. False: it stands no more, or lasts longer by now."""
    same = _t.until.is_(None) if alarm.until is None else _t.until == alarm.until
    return await changed(db, sa.delete(alarms).where(_one(repo_id, alarm), same)) == 1


async def of_repository(db: AsyncConnection, repo_id: int) -> list[Alarm]:
    """What goes wrong there, the oldest first."""
    query = sa.select(alarms).where(_t.repo_id == repo_id).order_by(_t.since, _t.kind, _t.about)
    return [_alarm(row) for row in (await db.execute(query)).mappings()]


async def due(db: AsyncConnection, now: datetime, limit: int) -> list[tuple[int, Alarm]]:
    """Alarms to be looked at now, each with its repository."""
    query = sa.select(alarms).where(_t.look_at <= now).order_by(_t.look_at).limit(limit)
    return [(row["repo_id"], _alarm(row)) for row in (await db.execute(query)).mappings()]


async def put_off(db: AsyncConnection, repo_id: int, alarm: Alarm, until: datetime) -> None:
    await db.execute(sa.update(alarms).where(_one(repo_id, alarm)).values(look_at=until))


async def look_now(db: AsyncConnection, repo_id: int, kind: AlarmKind, now: datetime) -> None:
    """Something changed that may have ended them."""
    await db.execute(sa.update(alarms).where(_t.repo_id == repo_id, _t.kind == kind).values(look_at=now))


async def may_be_granted(db: AsyncConnection, installation_id: int, now: datetime) -> None:
    """The installation's permissions may be others: its alarms about them are over, and come again where they are
    not."""
    its = sa.select(repositories.c.id).where(repositories.c.installation_id == installation_id)
    granted = sa.update(alarms).where(_t.kind == AlarmKind.permission, _t.repo_id.in_(its))
    await db.execute(granted.values(until=now, look_at=now))


def _one(repo_id: int, alarm: Alarm) -> sa.ColumnElement[bool]:
    return sa.and_(_t.repo_id == repo_id, _t.kind == alarm.kind, _t.about == alarm.about)


def _alarm(row: sa.RowMapping) -> Alarm:
    return Alarm.model_validate({name: row[name] for name in Alarm.model_fields})
