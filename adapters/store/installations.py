"""Installations: the accounts on which the App is installed."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.tables import installations, repositories
from core.names import Value

_t = installations.c


class Installation(Value):
    id: int
    account: str
    """The login of the person or organisation."""
    suspended: bool = False


async def upsert(db: AsyncConnection, installation: Installation) -> None:
    row = installation.model_dump()
    statement = insert_into(db, installations).values(row)
    await db.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


async def get(db: AsyncConnection, installation_id: int) -> Installation | None:
    row = (await db.execute(sa.select(installations).where(_t.id == installation_id))).mappings().first()
    return Installation(**row) if row else None


async def all_(db: AsyncConnection) -> list[Installation]:
    rows = await db.execute(sa.select(installations).order_by(_t.id))
    return [Installation(**row) for row in rows.mappings()]


async def remove(db: AsyncConnection, installation_id: int) -> None:
    """Forget the installation and its repositories. Their runs are history, and stay."""
    await db.execute(sa.delete(repositories).where(repositories.c.installation_id == installation_id))
    await db.execute(sa.delete(installations).where(_t.id == installation_id))
