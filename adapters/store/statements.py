"""The few spellings in which the two databases differ, said once."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import LeaseLost


def insert(db: AsyncConnection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do on a conflict."""
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


async def changed(db: AsyncConnection, statement: sa.Executable) -> int:
    """Run an INSERT, UPDATE or DELETE; the number of rows that it wrote."""
    # Without the option SQLAlchemy does not keep the row count of an INSERT.
    result: sa.CursorResult[tuple[object, ...]] = await db.execute(
        statement, execution_options={"preserve_rowcount": True}
    )
    return result.rowcount


async def held(db: AsyncConnection, statement: sa.Executable) -> None:
    """Run a lease holder's guarded write. Raises LeaseLost where it changed no row."""
    if await changed(db, statement) != 1:
        raise LeaseLost
