"""What statements share: the few spellings in which the two databases differ, guards, and words without secrets."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import LeaseLost
from core.redaction import Redactor

REDACTOR = "pullwright_redactor"
"""The execution option under which a connection carries what hides secrets."""


def insert(db: AsyncConnection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do on a conflict."""
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


async def changed(db: AsyncConnection, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> int:
    """Run an INSERT, UPDATE or DELETE; the number of rows that it wrote."""
    # Without the option SQLAlchemy does not keep the row count of an INSERT.
    result: sa.CursorResult[tuple[object, ...]] = await db.execute(
        statement, values, execution_options={"preserve_rowcount": True}
    )
    return result.rowcount


async def held(db: AsyncConnection, statement: sa.Executable) -> None:
    """Run a lease holder's guarded write. Raises LeaseLost where it changed no row."""
    if await changed(db, statement) != 1:
        raise LeaseLost


def sayable(db: AsyncConnection, value: Any) -> Any:
    """The JSON value as people may read it: without the secrets that the store was opened with. See `core.redaction`.

    Called where words enter a row, so that no caller can forget it.
    """
    return redactor_of(db).value(value)


def redactor_of(db: AsyncConnection) -> Redactor:
    """What the store was opened with."""
    if db.sync_connection is None:
        raise AssertionError("a statement was made for a connection that is not open")
    redactor: Redactor = db.sync_connection.get_execution_options().get(REDACTOR) or Redactor()
    return redactor
