"""Deliveries: the inbox. What is stored here was accepted, and is looked at until it is routed or dead."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import DeliveryState, deliveries, leases
from core.decisions import PassedBy
from core.names import Value
from core.runs import Delivery

MAX_ATTEMPTS = 5
_COMPLETE = "deliveries complete"

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
    rows = [
        {**one.model_dump(), "state": DeliveryState.pending, "attempts": 0}
        # In the order of the key, so that two receivers of the same deliveries cannot each wait for the other.
        for one in sorted(batch, key=lambda one: (one.hook_id, one.guid))
    ]
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


async def routed(
    db: AsyncConnection, delivery: Delivery, outcome: str, now: datetime, passed_by: tuple[int, int] | None = None
) -> bool:
    """Mark it routed, in the transaction of what follows from it. False: another got here first, so write nothing.

    `passed_by` is the repository's id and the number there, where nothing follows and somebody may ask why.
    """
    where = {"repo_id": passed_by[0], "number": passed_by[1]} if passed_by is not None else {}
    return await _settle(db, delivery, state=DeliveryState.routed, outcome=outcome, settled_at=now, error=None, **where)


async def passed_by(db: AsyncConnection, repo_id: int, numbers: Collection[int], limit: int) -> list[PassedBy]:
    """What brought nothing about on these issues and pull requests, the newest first."""
    query = (
        sa.select(_t.event, _t.received_at.label("at"), _t.outcome.label("why"))
        .where(_t.number.is_not(None), _t.repo_id == repo_id, _t.number.in_(numbers))
        .order_by(_t.received_at.desc())
        .limit(limit)
    )
    return [PassedBy(**row) for row in (await db.execute(query.where(_t.outcome.is_not(None)))).mappings()]


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


async def attempts(db: AsyncConnection, delivery: Delivery) -> int:
    """How many failed so far."""
    query = sa.select(_t.attempts).where(_t.hook_id == delivery.hook_id, _t.guid == delivery.guid)
    number: int = (await db.execute(query)).scalar_one()
    return number


async def revive(db: AsyncConnection, hook_id: str, guid: str, *, routed_too: bool = False) -> bool:
    """Give a dead delivery five new attempts, at once. False where it is not dead.

    With `routed_too` also one that was routed: semantic keys keep what it once did from being done again.
    """
    over = [DeliveryState.dead, DeliveryState.routed] if routed_too else [DeliveryState.dead]
    statement = (
        sa.update(deliveries)
        .where(_t.hook_id == hook_id, _t.guid == guid, _t.state.in_(over))
        .values(
            state=DeliveryState.pending,
            attempts=0,
            not_before=None,
            settled_at=None,
            outcome=None,
            repo_id=None,
            number=None,
        )
    )
    return await changed(db, statement) == 1


async def get(db: AsyncConnection, hook_id: str, guid: str) -> Delivery | None:
    query = sa.select(_t.hook_id, _t.guid, _t.event, _t.body, _t.received_at).where(
        _t.hook_id == hook_id, _t.guid == guid
    )
    row = (await db.execute(query)).mappings().first()
    return Delivery(**row) if row else None


async def known(db: AsyncConnection, guids: Collection[str]) -> set[str]:
    """Which of these GUIDs were received: the others were lost on the way, and GitHub can send them again.

    Under whichever hook they came: GitHub's log does not name it, and a relay may have taken the header off.
    """
    query = sa.select(_t.guid).where(_t.guid.in_(guids))
    return set((await db.execute(query)).scalars())


async def complete_until(db: AsyncConnection) -> datetime | None:
    """Until when nothing that GitHub tried to hand over is missing here; None where that was never looked at."""
    query = sa.select(leases.c.until).where(leases.c.name == _COMPLETE)
    until: datetime | None = (await db.execute(query)).scalar_one_or_none()
    return until


async def completed(db: AsyncConnection, until: datetime) -> None:
    """Remember it. An earlier time than before is taken too: something may have been found missing."""
    # A row of `leases`: a name and a time are all that has to be kept, and nobody takes a lease of this name.
    row = {"owner": "sweep", "until": until}
    statement = insert_into(db, leases).values(name=_COMPLETE, **row)
    await db.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


async def list_(
    db: AsyncConnection,
    limit: int,
    *,
    guid: str | None = None,
    state: DeliveryState | None = None,
    event: str | None = None,
) -> list[Receipt]:
    """What was received, newest first; with a GUID only that one, under whichever hook it came."""
    query = _receipts().order_by(_t.received_at.desc(), _t.guid).limit(limit)
    for column, wanted in ((_t.guid, guid), (_t.state, state), (_t.event, event)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [Receipt(**row) for row in (await db.execute(query)).mappings()]


async def find(db: AsyncConnection, beginning: str, limit: int = 10) -> list[Receipt]:
    """The deliveries whose GUID begins so, under whichever hook they came; the exact one alone where there is one."""
    if exact := await list_(db, limit, guid=beginning):
        return exact
    query = _receipts().where(_t.guid.startswith(beginning, autoescape=True)).order_by(_t.guid, _t.hook_id)
    return [Receipt(**row) for row in (await db.execute(query.limit(limit))).mappings()]


def _receipts() -> sa.Select[Any]:
    columns = [_t[name] for name in Receipt.model_fields if name != "size"]
    return sa.select(*columns, sa.func.length(_t.body).label("size"))


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
    said = {name: sayable(db, value) for name, value in values.items() if name in {"outcome", "error"}}
    statement = (
        sa.update(deliveries)
        .where(_t.hook_id == delivery.hook_id, _t.guid == delivery.guid, _t.state == DeliveryState.pending)
        .values(**{**values, **said})
    )
    return await changed(db, statement) == 1
