"""Leases: who may do what only one process may do, such as being the clock."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed
from adapters.store.statements import insert as insert_into
from adapters.store.tables import leases

_t = leases.c


async def take(db: AsyncConnection, name: str, owner: str, now: datetime, seconds: float) -> bool:
    """Take or prolong the lease. False: another owner's has not run out.

    One statement, so that of two that find it free one gets it.
    """
    grip = {"owner": owner, "until": now + timedelta(seconds=seconds)}
    statement = insert_into(db, leases).values(name=name, **grip)
    free = sa.or_(_t.until <= now, _t.owner == owner)
    return await changed(db, statement.on_conflict_do_update(index_elements=["name"], set_=grip, where=free)) == 1


async def give_back(db: AsyncConnection, name: str, owner: str) -> None:
    """Let the next one take it at once; nothing happens where it is not ours any more."""
    await db.execute(sa.delete(leases).where(_t.name == name, _t.owner == owner))
