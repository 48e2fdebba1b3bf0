"""A database, opened: one write transaction at a time with `begin()`, one consistent look with `read()`."""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path

import aiosqlite
from sqlalchemy import URL, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from adapters.store import migrations, one_crossing, postgresql, sqlite
from adapters.store.columns import to_json
from adapters.store.statements import REDACTOR
from adapters.store.urls import asynchronous
from core import faults
from core.errors import BotError
from core.redaction import Redactor

_MIGRATION_LOCK = 0x70756C6C


class StoreUnavailable(BotError):
    """The database does not answer, or is busy for too long; the same write may succeed later."""

    code = "store-unavailable"
    retryable = True

    @classmethod
    def because(cls, error: BaseException | None) -> "StoreUnavailable":
        """With the first line of what the driver said: PostgreSQL's adds hints to it."""
        return cls(f"The database does not answer: {str(error).strip().partition(chr(10))[0]}")

    def remedy(self) -> str:
        return "The operator should check PULLWRIGHT_DATABASE_URL with `pullwright doctor`."


class Store:
    """A database in use by this process. Get one from `open_store()`."""

    def __init__(self, url: URL, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self._url = url
        self._writer = writer
        self._reader = reader
        self._process = os.getpid()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One write transaction: committed at the end of the block, rolled back where the block raises.

        On SQLite the block holds the only write lock, so nothing slow belongs in it, and no second `begin()`.
        """
        self._check_process()
        with answering():
            async with self._writer.begin() as db:
                yield db
                faults.point("store.before_commit")
        faults.point("store.after_commit")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent look: every query in the block sees the same moment, and a write is refused."""
        self._check_process()
        with answering():
            async with self._reader.connect() as db:
                yield db

    async def migrate(self) -> None:
        """Bring the tables up to date. Safe when several processes start at once: one works, the others wait."""
        self._check_process()
        with answering():
            async with self._alone(), self._writer.begin() as db:
                if db.dialect.name == "postgresql":
                    # Between two statements of it a migration may import, for long on a busy machine.
                    await db.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                    await db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                await db.run_sync(migrations.upgrade)

    async def behind(self) -> str | None:
        """Why the code cannot work with the tables, in a sentence: none yet, or older ones. None where it can."""
        async with self.read() as db:
            return await db.run_sync(migrations.behind)

    def _alone(self) -> AbstractAsyncContextManager[None]:
        database = self._url.database
        if self._url.get_backend_name() != "sqlite" or database is None:
            return nullcontext()
        return sqlite.alone(Path(database))

    def _check_process(self) -> None:
        # A pool's connections and threads do not exist on the other side of a fork; using them there hangs.
        if os.getpid() != self._process:
            raise RuntimeError("a store must be opened by the process that uses it")


@asynccontextmanager
async def open_store(url: str, *, busy_seconds: float = 10.0, redactor: Redactor | None = None) -> AsyncIterator[Store]:
    """The database behind the URL. At the end of the block its connections are closed, those in use as well: a task
    that still works with one fails, and nothing of what it had not committed is written.

    `busy_seconds` is how long a write waits for others before it raises StoreUnavailable. What `redactor` hides stands
    in no words that people read. Connects to nothing yet. Raises ConfigurationError for a URL that is no database of
    ours.
    """
    parsed = asynchronous(url)
    opened: set[aiosqlite.Connection] = set()
    if parsed.get_backend_name() == "sqlite":
        engines = _sqlite(parsed, busy_seconds, opened)
    else:
        engines = _postgresql(parsed, busy_seconds)
    known = {REDACTOR: redactor or Redactor()}
    try:
        yield Store(parsed, *(engine.execution_options(**known) for engine in engines))
    finally:
        for engine in engines:
            await engine.dispose()
        for connection in list(opened):  # a pool lets go of those in use, and nobody would ever close them
            await connection.close()


def _sqlite(url: URL, busy_seconds: float, opened: set[aiosqlite.Connection]) -> tuple[AsyncEngine, AsyncEngine]:
    """A writer of one connection, whose pool queues the writers of this process in order, and a pool of readers."""
    writer, reader = (
        create_async_engine(
            url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=busy_seconds,
            connect_args={"async_creator_fn": one_crossing.connect},
            json_serializer=to_json,
            hide_parameters=True,
        )
        for size in (1, 4)
    )
    for engine, writes in ((writer, True), (reader, False)):
        _remember(engine, opened)
        sqlite.configure(engine.sync_engine, writes=writes, busy_seconds=busy_seconds)
    return writer, reader


def _remember(engine: AsyncEngine, opened: set[aiosqlite.Connection]) -> None:
    """Keep the driver's connections in `opened` while they are open."""

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: DBAPIConnection, _: object) -> None:
        opened.add(connection.driver_connection)

    @event.listens_for(engine.sync_engine, "close")
    def closed(connection: DBAPIConnection, _: object) -> None:
        opened.discard(connection.driver_connection)


def _postgresql(url: URL, busy_seconds: float) -> tuple[AsyncEngine, AsyncEngine]:
    """One pool, seen twice: read committed for writers, who lock the rows they decide on, one snapshot for readers."""
    engine = create_async_engine(
        url,
        pool_size=5,
        max_overflow=10,
        pool_timeout=busy_seconds,
        connect_args=postgresql.limits(busy_seconds),
        json_serializer=to_json,
        hide_parameters=True,
    )
    postgresql.drop_the_dead(engine.sync_engine)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine, reader


@contextmanager
def answering() -> Iterator[None]:
    """Turn the drivers' many ways of saying "not now" into StoreUnavailable."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable.because(error.orig) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise StoreUnavailable.because(error.orig) from error
    except (PoolTimeout, sqlite3.OperationalError) as error:
        raise StoreUnavailable.because(error) from error
