"""Deliveries: the inbox. What is stored here was accepted, and is looked at until it is routed or dead."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed
from adapters.store.statements import insert as insert_into
from adapters.store.tables import DeliveryState, deliveries
from core.names import Value
from core.runs import Delivery

MAX_ATTEMPTS = 5

_t = deliveries.c


class Receipt(Value):
    """A delivery without its body: what became of it."""

    hook_id: str
    guid: str
    event: str
    received_at: datetime
    size: int
    """Bytes of the body."""
    state: DeliveryState
    attempts: int
    not_before: datetime | None
    outcome: str | None
    error: str | None


async def insert(db: AsyncConnection, batch: Sequence[Delivery]) -> int:
    """How many of the batch are new. A GUID that is known changes nothing: GitHub redelivers under the same one."""
    if not batch:
        return 0
    rows = [{**one.model_dump(), "state": DeliveryState.pending, "attempts": 0} for one in batch]
    statement = insert_into(db, deliveries).on_conflict_do_nothing(index_elements=["hook_id", "guid"])
    result = await db.execute(statement, rows, execution_options={"preserve_rowcount": True})
    return result.rowcount


async def pending(db: AsyncConnection, now: datetime, limit: int) -> list[Delivery]:
    """The deliveries to look at now, oldest first. Reading takes nothing: `routed` decides between two readers."""
    query = (
        sa.select(_t.hook_id, _t.guid, _t.event, _t.body, _t.received_at)
        .where(_t.state == DeliveryState.pending, sa.or_(_t.not_before.is_(None), _t.not_before <= now))
        .order_by(_t.received_at, _t.guid)
        .limit(limit)
    )
    return [Delivery(**row) for row in (await db.execute(query)).mappings()]


async def routed(db: AsyncConnection, delivery: Delivery, outcome: str, now: datetime) -> bool:
    """Mark it routed, in the transaction of what follows from it. False: another got here first, so write nothing."""
    return await _settle(db, delivery, state=DeliveryState.routed, outcome=outcome, settled_at=now, error=None)


async def postponed(db: AsyncConnection, delivery: Delivery, why: str, not_before: datetime) -> None:
    """Look again later: it cannot be judged now, through no fault of its own, so no attempt is counted."""
    await _settle(db, delivery, not_before=not_before, error=why)


async def failed(
    db: AsyncConnection, delivery: Delivery, error: str, not_before: datetime | None, now: datetime
) -> DeliveryState:
    """Count a failed attempt; try again at `not_before`. After five the delivery is dead, and kept for the operator."""
    enough = _t.attempts + 1 >= MAX_ATTEMPTS
    await _settle(
        db,
        delivery,
        attempts=_t.attempts + 1,
        state=sa.case((enough, DeliveryState.dead), else_=DeliveryState.pending),
        settled_at=sa.case((enough, sa.literal(now, _t.settled_at.type)), else_=None),
        not_before=not_before,
        error=error,
    )
    query = sa.select(_t.state).where(_t.hook_id == delivery.hook_id, _t.guid == delivery.guid)
    return DeliveryState((await db.execute(query)).scalar_one())


async def revive(db: AsyncConnection, hook_id: str, guid: str) -> bool:
    """Give a dead delivery five new attempts, at once. False where it is not dead."""
    statement = (
        sa.update(deliveries)
        .where(_t.hook_id == hook_id, _t.guid == guid, _t.state == DeliveryState.dead)
        .values(state=DeliveryState.pending, attempts=0, not_before=None, settled_at=None)
    )
    return await changed(db, statement) == 1


async def get(db: AsyncConnection, hook_id: str, guid: str) -> Delivery | None:
    query = sa.select(_t.hook_id, _t.guid, _t.event, _t.body, _t.received_at).where(
        _t.hook_id == hook_id, _t.guid == guid
    )
    row = (await db.execute(query)).mappings().first()
    return Delivery(**row) if row else None


async def known(db: AsyncConnection, hook_id: str, guids: Collection[str]) -> set[str]:
    """Which of these GUIDs were received: the others were lost on the way, and GitHub can send them again."""
    query = sa.select(_t.guid).where(_t.hook_id == hook_id, _t.guid.in_(guids))
    return set((await db.execute(query)).scalars())


async def list_(db: AsyncConnection, limit: int, *, guid: str | None = None) -> list[Receipt]:
    """What was received, newest first; with a GUID only that one, under whichever hook it came."""
    columns = [_t[name] for name in Receipt.model_fields if name != "size"]
    query = sa.select(*columns, sa.func.length(_t.body).label("size")).order_by(_t.received_at.desc()).limit(limit)
    if guid is not None:
        query = query.where(_t.guid == guid)
    return [Receipt(**row) for row in (await db.execute(query)).mappings()]


async def oldest_pending(db: AsyncConnection) -> datetime | None:
    """When the oldest delivery that still waits was received, or None where none waits."""
    query = sa.select(sa.func.min(_t.received_at)).where(_t.state == DeliveryState.pending)
    oldest: datetime | None = (await db.execute(query)).scalar_one()
    return oldest


async def counts(db: AsyncConnection) -> Mapping[DeliveryState, int]:
    query = sa.select(_t.state, sa.func.count().label("number")).group_by(_t.state)
    found: dict[DeliveryState, int] = {row.state: row.number for row in await db.execute(query)}
    return {state: found.get(state, 0) for state in DeliveryState}


async def _settle(db: AsyncConnection, delivery: Delivery, **values: Any) -> bool:
    statement = (
        sa.update(deliveries)
        .where(_t.hook_id == delivery.hook_id, _t.guid == delivery.guid, _t.state == DeliveryState.pending)
        .values(**values)
    )
    return await changed(db, statement) == 1
