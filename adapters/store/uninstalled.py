"""What is kept of an installation that is gone, deleted a few rows at a time."""

import json
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import shut
from adapters.store.statements import changed
from adapters.store.tables import (
    DeliveryState,
    alarms,
    allowances,
    boards,
    breakers,
    costs,
    decisions,
    deliveries,
    effects,
    installations,
    pauses,
    pushes,
    repositories,
    runs,
    schedules,
    stops,
)
from core.runs import Delivery

_r, _d = runs.c, deliveries.c


async def repositories_of(db: AsyncConnection, installation_id: int) -> list[int]:
    """The ids of the repositories that it covers or has runs of, as far as is known."""
    known = sa.select(repositories.c.id).where(repositories.c.installation_id == installation_id)
    worked_on = sa.select(_r.repo_id).where(_r.repo["installation_id"].as_integer() == installation_id).distinct()
    return sorted({*(await db.execute(known)).scalars(), *(await db.execute(worked_on)).scalars()})


async def forget_runs(db: AsyncConnection, repo_id: int, now: datetime, limit: int) -> int:
    """Delete runs of the repository that nobody works on, over or not, with everything that belongs to them."""
    nobodys = sa.or_(_r.lease_until.is_(None), _r.lease_until < now)
    some = sa.select(_r.id).where(_r.repo_id == repo_id, nobodys).limit(limit)
    return await changed(db, sa.delete(runs).where(_r.id.in_(some.scalar_subquery())))


async def at_work(db: AsyncConnection, repo_id: int) -> bool:
    """Whether a run of the repository is left."""
    return (await db.execute(sa.select(_r.id).where(_r.repo_id == repo_id).limit(1))).first() is not None


async def forget_repository(db: AsyncConnection, repo_id: int) -> None:
    for table in (alarms, boards, costs, decisions, pushes, schedules, stops):
        await db.execute(sa.delete(table).where(table.c.repo_id == repo_id))
    await shut.reopen(db, shut.What.repository, repo_id)
    await db.execute(sa.delete(repositories).where(repositories.c.id == repo_id))


async def deliveries_after(db: AsyncConnection, after: tuple[datetime, str] | None, limit: int) -> list[Delivery]:
    """Settled deliveries in the order in which they came."""
    columns = (_d.hook_id, _d.guid, _d.event, _d.body, _d.received_at)
    query = sa.select(*columns).where(_d.state != DeliveryState.pending).order_by(_d.received_at, _d.guid).limit(limit)
    if after is not None:
        query = query.where(
            sa.tuple_(_d.received_at, _d.guid) > sa.tuple_(*map(sa.literal, after, (_d.received_at.type, _d.guid.type)))
        )
    return [Delivery(**row) for row in (await db.execute(query)).mappings()]


def is_of(body: bytes, installation_id: int) -> bool:
    """Whether the payload names this installation."""
    try:
        told = json.loads(body)
        return bool(told["installation"]["id"] == installation_id)
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


async def forget_deliveries(db: AsyncConnection, guids: Collection[str]) -> int:
    which = sa.and_(_d.guid.in_(guids), _d.state != DeliveryState.pending)
    return await changed(db, sa.delete(deliveries).where(which))


async def forget_words(db: AsyncConnection, installation_id: int) -> None:
    """Delete what was said, or was still to be said, apart from any run."""
    theirs = effects.c.repo["installation_id"].as_integer() == installation_id
    await db.execute(sa.delete(effects).where(effects.c.run_id.is_(None), theirs))


async def forget_installation(db: AsyncConnection, installation_id: int) -> None:
    """Delete the last of it: nothing finds it any more after this."""
    caller = f"installation:{installation_id}"
    for table in (allowances, pauses):
        await db.execute(sa.delete(table).where(table.c.caller == caller))
    await db.execute(sa.delete(breakers).where(breakers.c.dependency == f"github:{caller}"))
    await db.execute(sa.delete(installations).where(installations.c.id == installation_id))
    await shut.reopen(db, shut.What.installation, installation_id)
