"""The receiver's own writer: a whole group in one transaction, on every database."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from postgresql_cluster import PostgresServer

from adapters.store import Store, StoreUnavailable, deliveries
from adapters.store.inbox import InboxWriter

from .examples import a_delivery


@pytest.fixture
async def writer(url: str) -> AsyncIterator[InboxWriter]:
    writer = InboxWriter(url, busy_seconds=2)
    yield writer
    await writer.close()


async def _stored(store: Store) -> list[str]:
    async with store.read() as db:
        return sorted(one.guid for one in await deliveries.list_(db, 1000))


async def test_a_group_is_stored_as_it_came_and_counted(writer: InboxWriter, store: Store):
    odd = a_delivery("odd", body=b"\x00\xff not even UTF-8")
    assert await writer.write([odd, *(a_delivery(f"guid-{number:03d}") for number in range(200))]) == 201
    async with store.read() as db:
        assert await deliveries.get(db, odd.hook_id, "odd") == odd
    assert len(await _stored(store)) == 201


async def test_what_is_known_is_not_counted_and_keeps_its_first_body(writer: InboxWriter, store: Store):
    assert await writer.write([a_delivery("one")]) == 1
    assert await writer.write([a_delivery("one", body=b"forged"), a_delivery("two"), a_delivery("two")]) == 1
    async with store.read() as db:
        kept = await deliveries.get(db, "9", "one")
    assert kept == a_delivery("one")
    assert await _stored(store) == ["one", "two"]


async def test_a_postgresql_that_cuts_the_connection_is_connected_to_again(
    postgresql: PostgresServer, postgresql_url: str
):
    writer = InboxWriter(postgresql_url)
    assert await writer.write([a_delivery("before")]) == 1
    postgresql.disconnect(postgresql_url)
    assert await writer.write([a_delivery("after")]) == 1
    await writer.close()


async def test_a_postgresql_that_is_away_is_unavailable_and_takes_the_same_group_afterwards(
    postgresql: PostgresServer, postgresql_url: str
):
    writer = InboxWriter(postgresql_url)
    await writer.write([a_delivery("before")])
    with postgresql.away(postgresql_url):
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"^The database does not answer: .* is not currently accepting"):
                await writer.write([a_delivery("kept")])
    assert await writer.write([a_delivery("kept")]) == 1
    await writer.close()


async def test_a_disk_that_is_away_is_unavailable_and_takes_the_same_group_afterwards(
    sqlite_template: Path, tmp_path: Path
):
    writer = InboxWriter(f"sqlite:///{tmp_path / 'disk' / 'store.db'}", busy_seconds=0.1)
    with pytest.raises(StoreUnavailable, match=r"^The database does not answer: unable to open database file$"):
        await writer.write([a_delivery()])
    (tmp_path / "disk").mkdir()
    shutil.copy(sqlite_template, tmp_path / "disk" / "store.db")
    assert await writer.write([a_delivery()]) == 1
    await writer.close()
