"""For all tests: how long one may take; PostgreSQL, one server for each process of pytest and one database a test."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import settings
from postgresql_cluster import PostgresServer, running

from adapters.store import open_store

SLOW_SECONDS = 1500
"""After which a slow test counts as hanging."""

# How long an example takes tells how busy the machine is. Benchmarks measure.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The longest first: at the end it would be the only one at work.
    items.sort(key=_own_seconds, reverse=True)
    if config.getoption("timeout") == 0:
        return
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


def _own_seconds(item: pytest.Item) -> float:
    """How long a test may take that says so itself; 0 for all others, which stay in their order."""
    own = item.get_closest_marker("timeout")
    return own.args[0] if own is not None else 0


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A server of this process alone, started when the first test asks for it."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgresServer) -> str:
    """The URL of a migrated database to copy; nobody connects to it."""
    url = postgresql.new_database()

    async def migrated() -> None:
        async with open_store(url) as store:
            await store.migrate()

    asyncio.run(migrated())
    return url


@pytest.fixture
def postgresql_url(postgresql: PostgresServer, postgresql_template: str) -> Iterator[str]:
    """A migrated database of this test alone."""
    url = postgresql.new_database(like=postgresql_template)
    yield url
    postgresql.drop(url)
