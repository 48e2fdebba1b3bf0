"""Retention: what is over for long enough is forgotten, a few rows at a time, so that nobody waits for it.

A run goes with all that belongs to it, and its parts before it: whenever this ends early, the next time finds the rest.
Nothing unfinished goes, nor what something unfinished belongs to or waits for.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import parts
from adapters.store.statements import changed
from adapters.store.tables import DeliveryState, contents, deliveries, effects, runs
from core.names import Digest, RunId
from core.runs import EffectState
from core.states import RunState

Forget = Callable[[AsyncConnection, datetime, int], Awaitable[int]]

_r, _d, _e = runs.c, deliveries.c, effects.c
_IS_WHOLE = sa.text("runs.ended_at IS NOT NULL AND runs.parent_id IS NULL")


async def old_runs(db: AsyncConnection, before: datetime, after: RunId | None, limit: int) -> list[RunId]:
    """Runs that people asked for and that ended before this time, in the order of their ids from `after` on."""
    query = sa.select(_r.id).where(_IS_WHOLE, _r.ended_at < before).order_by(_r.id).limit(limit)
    if after is not None:
        query = query.where(_r.id > after)
    return [RunId(run_id) for run_id in (await db.execute(query)).scalars()]


async def family(db: AsyncConnection, run_id: RunId) -> list[RunId]:
    """The run and all its parts, each before what it is a part of; empty where one is not over, or another run waits
    for one."""
    found = sa.select(_r.id, _r.parent_id).where(_r.id.in_(parts.family(run_id)))
    below: dict[str, list[str]] = {}
    for one, above in await db.execute(found):
        below.setdefault(above, []).append(one)
    ids: list[str] = [run_id]
    for one in ids:  # it grows meanwhile, by what is below
        ids += below.get(one, [])
    ids.reverse()
    for some in (ids[start : start + 500] for start in range(0, len(ids), 500)):
        unfinished = sa.select(_r.id).where(_r.id.in_(some), _r.ended_at.is_(None)).limit(1)
        behind = sa.select(_r.id).where(_r.behind_id.in_(some), _r.ended_at.is_(None)).limit(1)
        if (await db.execute(unfinished)).first() or (await db.execute(behind)).first():
            return []
    return [RunId(one) for one in ids]


async def forget_runs(db: AsyncConnection, run_ids: Collection[RunId]) -> int:
    """Delete these runs, where they are over, with everything that belongs to them; how many they were."""
    return await changed(db, sa.delete(runs).where(_r.id.in_(run_ids), _r.ended_at.is_not(None)))


async def forget_deliveries(db: AsyncConnection, before: datetime, limit: int) -> int:
    """Delete deliveries that were settled before this time, some of them; how many they were."""
    query = _old_deliveries(before).order_by(_d.received_at).limit(limit)
    found = [tuple(row) for row in await db.execute(query)]
    if not found:
        return 0
    which = sa.and_(sa.tuple_(_d.hook_id, _d.guid).in_(found), _d.state != DeliveryState.pending)
    return await changed(db, sa.delete(deliveries).where(which))


async def forget_words(db: AsyncConnection, before: datetime, limit: int) -> int:
    """Delete what was said apart from any run before this time, and is settled, some of it; how many they were."""
    found = list((await db.execute(_old_words(before).order_by(_e.id).limit(limit))).scalars())
    return await changed(db, sa.delete(effects).where(_e.id.in_(found))) if found else 0


async def count(db: AsyncConnection, forget: Forget, before: datetime) -> int:
    """How many rows `forget` would delete in the end."""
    old = _old_deliveries(before) if forget is forget_deliveries else _old_words(before)
    number: int = (await db.execute(sa.select(sa.func.count()).select_from(old.subquery()))).scalar_one()
    return number


def _old_deliveries(before: datetime) -> sa.Select[tuple[str, str]]:
    settled = sa.and_(_d.state != DeliveryState.pending, _d.received_at < before, _d.settled_at < before)
    return sa.select(_d.hook_id, _d.guid).where(settled)


def _old_words(before: datetime) -> sa.Select[tuple[int]]:
    settled = _e.state.in_([EffectState.done, EffectState.failed])
    return sa.select(_e.id).where(settled, _e.run_id.is_(None), _e.at < before)


async def needed(db: AsyncConnection, digests: Collection[Digest]) -> set[str]:
    """Which of these contents some run still has."""
    query = sa.select(contents.c.digest).where(contents.c.digest.in_(digests)).distinct()
    return set((await db.execute(query)).scalars())


async def at_work(db: AsyncConnection) -> set[int]:
    """The repositories, by id, in which runs are at work."""
    return set((await db.execute(sa.select(_r.repo_id).where(_r.state == RunState.running).distinct())).scalars())
