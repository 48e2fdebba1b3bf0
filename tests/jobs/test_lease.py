"""A lease that is lost stops the work, and nothing more is written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import StoreUnavailable, events, runs
from core.clock import FixedClock
from core.errors import Drained, LeaseLost
from core.names import RunId, WorkerId
from jobs import engine
from jobs.lease import Lease, beating
from jobs.services import Services


async def _claimed(services: Services, run_id: RunId, worker: str = "one") -> Lease:
    async with services.store.begin() as db:
        epoch = await runs.claim(db, run_id, WorkerId(worker), services.clock.now(), services.settings.lease_seconds)
    assert epoch is not None
    return Lease(run_id, epoch, WorkerId(worker), services.store, services.clock)


def _later(services: Services, seconds: float) -> None:
    assert isinstance(services.clock, FixedClock)
    services.clock.advance(seconds)


async def test_a_live_lease_is_not_to_be_had_by_another(services: Services, run_id: RunId) -> None:
    await _claimed(services, run_id)
    async with services.store.begin() as db:
        assert await runs.claim(db, run_id, WorkerId("two"), services.clock.now(), 1) is None


async def test_whoever_lost_the_lease_writes_nothing_more(services: Services, run_id: RunId) -> None:
    old = await _claimed(services, run_id)
    _later(services, 2)
    await _claimed(services, run_id, "two")
    with pytest.raises(LeaseLost):
        async with old.write() as db:
            await events.append(db, run_id, name="x.y", actor="pullwright", facts={}, at=services.clock.now())
    async with services.store.read() as db:
        assert await events.of_run(db, run_id) == []


async def test_a_write_that_fails_leaves_nothing(services: Services, run_id: RunId) -> None:
    lease = await _claimed(services, run_id)
    with suppress(ZeroDivisionError):
        async with lease.write() as db:
            await events.append(db, run_id, name="x.y", actor="pullwright", facts={}, at=services.clock.now())
            raise ZeroDivisionError
    async with services.store.read() as db:
        assert await events.of_run(db, run_id) == []


async def test_the_heartbeat_renews_the_lease_and_stops_the_work_once_another_holds_it(
    services: Services, run_id: RunId
) -> None:
    lease = await _claimed(services, run_id)
    settings = services.settings
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await asyncio.Event().wait()

    async with beating(lease, url=settings.database_url, lease_seconds=settings.lease_seconds, every_seconds=0.02):
        held = asyncio.create_task(lease.hold(work()))
        await began.wait()
        _later(services, 60)
        async with asyncio.timeout(10):
            while True:
                async with services.store.read() as db:
                    until = (await runs.require(db, run_id)).lease_until
                if until == services.clock.now() + timedelta(seconds=settings.lease_seconds):
                    break
                await asyncio.sleep(0.01)
        async with services.store.begin() as db:
            await runs.release(db, run_id, lease.epoch)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(held, 10)


async def test_the_first_reason_to_stop_is_the_one_that_is_raised(services: Services, run_id: RunId) -> None:
    lease = await _claimed(services, run_id)
    lease.interrupted()
    lease.stop(Drained())
    lease.stop(LeaseLost())
    with pytest.raises(Drained):
        lease.interrupted()


async def test_work_that_is_stopped_now_is_cancelled_where_it_waits(services: Services, run_id: RunId) -> None:
    lease = await _claimed(services, run_id)

    async def work() -> None:
        lease.stop(LeaseLost(), now=True)
        await asyncio.Event().wait()

    with pytest.raises(LeaseLost):
        await lease.hold(work())


async def test_a_database_that_is_away_for_a_moment_does_not_deafen_a_working_run(
    services: Services, run_id: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = await _claimed(services, run_id)
    draining = asyncio.Event()
    monkeypatch.setattr(engine, "WATCH_SECONDS", 0.01)

    @asynccontextmanager
    async def away() -> AsyncIterator[AsyncConnection]:
        monkeypatch.undo()
        draining.set()
        raise StoreUnavailable("The database does not answer.")
        yield

    monkeypatch.setattr(services.store, "read", away)
    await asyncio.wait_for(engine._watch(services, lease, draining), 10)
    with pytest.raises(Drained):
        lease.interrupted()
