"""aiosqlite's connection, made so that a statement crosses to its thread once, with its rows on the way back.

The driver has a crossing for each of: open a cursor, execute, fetch, close. A crossing is two wake-ups and costs more
than a statement that finds a row by its key.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import aiosqlite


class Connection(aiosqlite.Connection):
    """As aiosqlite's, for whoever reads all rows of a statement: SQLAlchemy does, where nobody asks it to stream."""

    def cursor(self) -> "Cursor":  # type: ignore[override]  # the driver's is a coroutine that is a context as well
        return Cursor(self)


def connect(database: str, **options: Any) -> Connection:
    """A connection, opened when it is awaited. Its thread does not keep the process alive."""
    connection = Connection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    thread: Any = getattr(connection, "_thread", connection)  # before 0.22 a connection was a thread itself
    thread.daemon = True
    return connection


class Cursor:
    """What a statement said, whole: its rows are here when it was executed."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> Self:
        return await self._all_of(lambda cursor: cursor.execute(statement, values))

    async def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> Self:
        return await self._all_of(lambda cursor: cursor.executemany(statement, values))

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left to close: the driver's cursor was closed behind its last row."""
        self._rows = []

    async def _all_of(self, begin: Callable[[sqlite3.Cursor], object]) -> Self:
        await self._connection._execute(self._there, begin)  # type: ignore[no-untyped-call]
        return self

    def _there(self, begin: Callable[[sqlite3.Cursor], object]) -> None:
        """On the connection's own thread, which does one thing at a time."""
        cursor = self._connection._conn.cursor()
        try:
            begin(cursor)
            self._rows = cursor.fetchall() if cursor.description else []
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()
