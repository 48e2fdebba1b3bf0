"""A worker that is cut off from its database counts its lease as lost when it runs out, whatever it cannot see."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from postgresql_cluster import PostgresServer

from adapters.store import runs
from core.errors import LeaseLost
from core.names import RunId, WorkerId
from jobs.lease import Lease, beating
from jobs.services import Services

BEAT = 0.02
Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path / 'disk' / 'store.db'}"


@pytest.fixture
def away(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Away:
    """Takes the database away for as long as its block runs: the server is not to be had, or the disk is gone."""
    if database_url.startswith("postgresql"):
        server: PostgresServer = request.getfixturevalue("postgresql")
        return lambda: server.away(database_url)

    @contextmanager
    def unmounted() -> Iterator[None]:
        (tmp_path / "disk").rename(tmp_path / "elsewhere")
        yield
        (tmp_path / "elsewhere").rename(tmp_path / "disk")

    return unmounted


@asynccontextmanager
async def _at_work(
    services: Services, run_id: RunId, *, lease_seconds: float, url: str | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """The work of a lease holder that never ends by itself, under a beating lease."""
    async with services.store.begin() as db:
        epoch = await runs.claim(db, run_id, WorkerId("one"), services.clock.now(), lease_seconds)
    assert epoch is not None
    lease = Lease(run_id, epoch, WorkerId("one"), services.store, services.clock)
    url = url or services.settings.database_url
    async with beating(lease, url=url, lease_seconds=lease_seconds, every_seconds=BEAT):
        work = asyncio.create_task(lease.hold(asyncio.Event().wait()))  # type: ignore[arg-type]
        yield work
        work.cancel()


async def test_a_worker_without_its_database_loses_the_lease_when_it_runs_out(
    services: Services, run_id: RunId, away: Away
) -> None:
    async with _at_work(services, run_id, lease_seconds=0.5) as work:
        with away():
            began = asyncio.get_running_loop().time()
            with pytest.raises(LeaseLost):
                await asyncio.wait_for(work, 10)
        # The last renewal was up to a beat before.
        assert asyncio.get_running_loop().time() - began > 0.3


@pytest.mark.slow
async def test_a_database_that_is_back_in_time_costs_nothing(services: Services, run_id: RunId, away: Away) -> None:
    async with _at_work(services, run_id, lease_seconds=2) as work:
        for _ in range(2):
            with away():
                done, _ = await asyncio.wait([work], timeout=1)
                assert not done
            # Long enough for a beat that renews; both rounds together last longer than a lease.
            done, _ = await asyncio.wait([work], timeout=1)
            assert not done


async def test_a_server_that_takes_the_connection_and_never_answers_costs_the_lease_as_well(
    services: Services, run_id: RunId
) -> None:
    silent = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql://somebody@127.0.0.1:{port}/nothing"
        async with _at_work(services, run_id, lease_seconds=0.3, url=url) as work:
            with pytest.raises(LeaseLost):
                await asyncio.wait_for(work, 3)
            silent.set()
