"""SQLite as a system of record: every commit on disk, writers in line, readers never in their way."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, event


class _Driver(Protocol):
    isolation_level: str | None

    def cursor(self) -> Any: ...


def configure(engine: Engine, *, writes: bool, busy_seconds: float) -> None:
    """Make every connection of the engine durable, and its transactions ours.

    The driver's own BEGIN comes only before the first write: a transaction that has read by then can lose the race for
    the lock, and no waiting helps it. BEGIN IMMEDIATE takes the lock first, and waits for it up to `busy_seconds`.
    """

    @event.listens_for(engine, "connect")
    def connected(connection: _Driver, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
        if not writes:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@asynccontextmanager
async def alone(database: Path) -> AsyncIterator[None]:
    """Hold the database's lock file, so that one process at a time prepares and migrates it.

    The switch to WAL cannot be made inside a transaction, and two that try it at once fail instead of waiting.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(database.with_name(f"{database.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        await asyncio.to_thread(_prepare, database)
        yield
    finally:
        os.close(lock)


def _prepare(database: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    finally:
        connection.close()
    if mode != "wal":
        raise sqlite3.OperationalError(f"the file system of {database.name} cannot hold a write-ahead log")
