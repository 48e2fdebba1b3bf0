"""The same specifications on every database: SQLite always, PostgreSQL where TEST_POSTGRES_URL names a server."""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from adapters.store import Store, open_store

POSTGRES = os.environ.get("TEST_POSTGRES_URL")


async def _migrated(url: str) -> None:
    async with open_store(url) as store:
        await store.migrate()


def _administer(statement: str) -> None:
    engine = create_engine(make_url(POSTGRES or "").set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(statement))
    engine.dispose()


def _named(database: str) -> str:
    return make_url(POSTGRES or "").set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "store.db"
    asyncio.run(_migrated(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    name = f"template_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name}")
    asyncio.run(_migrated(_named(name)))
    yield name
    _administer(f"DROP DATABASE {name}")


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    name = f"empty_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name}")
    yield _named(name)
    _administer(f"DROP DATABASE {name}")


@pytest.fixture
def url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database, of this test alone."""
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    name = f"test_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    yield _named(name)
    _administer(f"DROP DATABASE {name}")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as store:
        yield store


@pytest.fixture
async def other(url: str) -> AsyncIterator[Store]:
    """A second process's view of the same database: an engine and connections of its own."""
    async with open_store(url) as store:
        yield store
