"""The receiver's own way to the database: one thread, one connection, and one trip to it for a whole group.

A statement on the event loop's connections travels to a thread and back; a transaction is five of them. Under load
that costs more than the writing, and it would be paid by whoever waits for an answer.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect

from adapters.store import sqlite
from adapters.store.engine import answering
from adapters.store.postgresql import limits
from adapters.store.tables import DeliveryState, deliveries
from adapters.store.urls import synchronous
from core.runs import Delivery


class InboxWriter:
    """Writes groups of deliveries, one transaction each, in the order in which they come. Opens at the first write."""

    def __init__(self, url: str, *, busy_seconds: float = 8.0) -> None:
        self._engine = _engine(url, busy_seconds)
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite_dialect.insert
        self._insert = insert(deliveries).on_conflict_do_nothing(index_elements=["hook_id", "guid"])
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inbox")

    async def write(self, group: Sequence[Delivery]) -> int:
        """How many of the group are new; when this returns, all of them are on disk. Raises StoreUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, group)

    async def close(self) -> None:
        """Finish what was begun, and disconnect."""
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()

    def _write(self, group: Sequence[Delivery]) -> int:
        rows = [
            {
                "hook_id": one.hook_id,
                "guid": one.guid,
                "event": one.event,
                "body": one.body,
                "received_at": one.received_at,
                "state": DeliveryState.pending,
                "attempts": 0,
            }
            # In the order of the key, so that two receivers of the same deliveries cannot each wait for the other.
            for one in sorted(group, key=lambda one: (one.hook_id, one.guid))
        ]
        with answering(), self._engine.begin() as db:
            return db.execute(self._insert, rows, execution_options={"preserve_rowcount": True}).rowcount


def _engine(url: str, busy_seconds: float) -> sa.Engine:
    parsed = synchronous(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, pool_size=1, max_overflow=0, hide_parameters=True)
        sqlite.configure(engine, writes=True, busy_seconds=busy_seconds)
        return engine
    return sa.create_engine(
        parsed, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=limits(busy_seconds), hide_parameters=True
    )
