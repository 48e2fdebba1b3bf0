"""Transactions, migrations and refusals of the database itself."""

import asyncio
import contextlib
import gc
import os
import sqlite3
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.store import Store, StoreUnavailable, deliveries, open_store, runs, tables
from adapters.store.urls import asynchronous, synchronous
from core.errors import ConfigurationError, LeaseLost

from .examples import a_delivery, a_run, started

_MIGRATE = """
import asyncio, sys
from adapters.store import open_store

async def main():
    async with open_store(sys.argv[1]) as store:
        await store.migrate()

asyncio.run(main())
"""

_FORK = """
import asyncio, os, sys
from adapters.store import open_store

async def opened():
    async with open_store(sys.argv[1]) as store:
        return store

store = asyncio.run(opened())
child = os.fork()
if child:
    os.waitpid(child, 0)
else:
    try:
        asyncio.run(store.migrate())
    except RuntimeError as refusal:
        print(refusal, end="")
"""

_IMPORT = "import sys, adapters.store.sync; print('psycopg' in sys.modules, end='')"


async def _said(program: str, *arguments: str) -> str:
    """What a Python process of its own prints, which must end well and complain about nothing."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", program, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    output, complaints = await process.communicate()
    assert (process.returncode, complaints.decode()) == (0, "")
    return output.decode()


async def test_processes_that_start_at_once_migrate_an_empty_database_once(empty_url: str):
    await asyncio.gather(*(_said(_MIGRATE, empty_url) for _ in range(3)))
    async with open_store(empty_url) as store:
        await store.migrate()
        async with store.read() as db:
            assert (await db.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == ["0004"]


async def test_two_stores_of_one_process_migrate_at_once(empty_url: str):
    async with open_store(empty_url) as one, open_store(empty_url) as two:
        await asyncio.gather(one.migrate(), two.migrate())
        await started(one)


async def test_the_migrations_make_exactly_the_tables_of_the_code(store: Store):
    async with store.begin() as db:
        difference = await db.run_sync(
            lambda connection: compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": True}), tables.metadata
            )
        )
    assert difference == []


async def test_what_a_block_wrote_before_it_raised_is_rolled_back(store: Store):
    async def interrupted() -> None:
        async with store.begin() as db:
            await deliveries.insert(db, [a_delivery()])
            raise LeaseLost

    with pytest.raises(LeaseLost):
        await interrupted()
    async with store.read() as db:
        assert await deliveries.list_(db, 10) == []


async def test_a_write_in_a_read_block_is_refused(store: Store):
    with pytest.raises((DBAPIError, StoreUnavailable), match=r"read-?only"):
        async with store.read() as db:
            await deliveries.insert(db, [a_delivery()])


async def test_a_read_block_sees_one_moment(store: Store, other: Store):
    async with store.read() as db:
        assert await deliveries.list_(db, 10) == []
        async with other.begin() as writing:
            await deliveries.insert(writing, [a_delivery()])
        assert await deliveries.list_(db, 10) == []


async def test_writers_of_two_processes_wait_for_each_other(store: Store, other: Store):
    async def write(to: Store, name: str) -> None:
        for number in range(10):
            async with to.begin() as db:
                await deliveries.insert(db, [a_delivery(f"{name}-{number}")])

    await asyncio.gather(write(store, "one"), write(other, "two"), write(store, "three"))
    async with store.read() as db:
        assert len(await deliveries.list_(db, 100)) == 30


async def test_a_writer_that_is_cancelled_while_it_waits_blocks_nobody(store: Store, other: Store):
    async with other.begin() as db:
        await deliveries.insert(db, [a_delivery("held")])
        entered = asyncio.Event()

        async def waits() -> None:
            entered.set()
            async with store.begin() as late:
                await deliveries.insert(late, [a_delivery("held", body=b"{}")])

        waiting = asyncio.create_task(waits())
        await entered.wait()
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await started(store)


@pytest.mark.parametrize("kind", ["read", "begin"])
async def test_a_connection_that_is_in_use_at_the_end_of_the_store_is_closed(tmp_path: Path, kind: str):
    file = tmp_path / "store.db"
    inside, over = asyncio.Event(), asyncio.Event()

    async def lingers(store: Store) -> None:
        async with getattr(store, kind)() as db:
            await db.execute(text("SELECT 1"))
            inside.set()
            await over.wait()

    async with open_store(f"sqlite:///{file}") as store:
        await store.migrate()
        lingering = asyncio.create_task(lingers(store))
        await inside.wait()
    over.set()
    with contextlib.suppress(DBAPIError, StoreUnavailable):
        await lingering
    del lingering, store
    gc.collect()  # a connection that nobody closed complains here
    async with open_store(f"sqlite:///{file}", busy_seconds=0.05) as other, other.begin():
        pass  # and the lock of its transaction is free


async def test_sqlite_commits_reach_the_disk_and_foreign_keys_hold(tmp_path: Path):
    async with open_store(f"sqlite:///{tmp_path / 'a' / 'store.db'}") as store:
        await store.migrate()
        for block in (store.begin, store.read):
            async with block() as db:
                pragmas = [
                    (await db.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
                    for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
                ]
            assert pragmas == ["wal", 2, 1, 10_000]


async def test_a_database_that_stays_busy_is_unavailable_and_says_so(tmp_path: Path):
    file = tmp_path / "store.db"
    async with open_store(f"sqlite:///{file}", busy_seconds=0.05) as store:
        await store.migrate()
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(StoreUnavailable) as refused:
                async with store.begin():
                    pass
        finally:
            holder.close()
        assert str(refused.value) == "The database does not answer: database is locked"
        assert refused.value.retryable
        await started(store)


async def test_a_transaction_that_does_not_go_on_holds_nobody_up_on_postgresql_and_is_not_committed(
    postgresql_url: str,
):
    async with open_store(postgresql_url, busy_seconds=0.2) as frozen, open_store(postgresql_url) as other:
        await started(other)
        change = text("UPDATE runs SET ended_why = :who")

        async def freezes() -> None:
            async with frozen.begin() as db:
                await db.execute(change, {"who": "frozen"})
                async with other.begin() as beside:
                    await beside.execute(change, {"who": "other"})

        with pytest.raises(StoreUnavailable) as refused:
            await freezes()
        assert "idle-in-transaction timeout" in str(refused.value)
        async with other.read() as db:
            assert (await db.execute(text("SELECT ended_why FROM runs"))).scalars().all() == ["other"]
        async with frozen.begin() as db:
            await db.execute(change, {"who": "woken"})


async def test_connections_that_the_server_closed_while_nobody_used_them_are_replaced_unseen(postgresql_url: str):
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    everyone = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
    async with open_store(postgresql_url) as store, open_store(postgresql_url) as operator:
        async with store.read() as db, store.read() as beside:
            await db.execute(text("SELECT 1"))
            await beside.execute(text("SELECT 1"))
        async with operator.read() as db:
            assert (await db.execute(text(everyone))).scalars().all() == [True, True]
        await started(store)


async def test_writers_see_what_was_committed_meanwhile_whatever_the_servers_own_default_is(postgresql_url: str):
    async with open_store(postgresql_url) as store, store.begin() as db:
        name = (await db.execute(text("SELECT current_database()"))).scalar_one()
        await db.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_isolation = serializable'))
    async with open_store(postgresql_url) as store, store.begin() as db:
        assert (await db.execute(text("SHOW transaction_isolation"))).scalar_one() == "read committed"


async def test_a_store_is_refused_on_the_other_side_of_a_fork(url: str):
    assert await _said(_FORK, url) == "a store must be opened by the process that uses it"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "a SQLite database in memory cannot be shared by processes: use sqlite:///FILE"),
        ("sqlite:///:memory:", "a SQLite database in memory cannot be shared by processes: use sqlite:///FILE"),
        ("mysql://h/d", "the database 'mysql' is not supported: use sqlite:///FILE or postgresql://…"),
        ("a file", "the database URL cannot be read as a URL"),
    ],
)
async def test_a_url_of_no_database_of_ours_is_refused(url: str, message: str):
    with pytest.raises(ConfigurationError) as refused:
        async with open_store(url):
            pass
    assert str(refused.value) == message


def test_the_heartbeats_url_names_the_same_database():
    assert str(asynchronous("sqlite:////srv/store.db")) == "sqlite+aiosqlite:////srv/store.db"
    assert str(synchronous("sqlite+aiosqlite:////srv/store.db")) == "sqlite+pysqlite:////srv/store.db"
    assert str(asynchronous("postgresql://h/d")) == str(synchronous("postgresql://h/d")) == "postgresql+psycopg://h/d"


async def test_psycopg_is_imported_only_for_postgresql():
    assert await _said(_IMPORT) == "False"


async def test_text_that_no_database_can_hold_is_mended_and_stored(store: Store):
    async with store.begin() as db:
        await runs.insert(db, a_run(requester="a\0b", inputs={"task": "c\0d"}))
        kept = await runs.get(db, a_run().id)
    assert kept is not None
    assert (kept.requester, kept.inputs) == ("a\ufffdb", {"task": "c\ufffdd"})
