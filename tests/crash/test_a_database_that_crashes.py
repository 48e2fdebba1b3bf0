"""PostgreSQL crashes in the middle of runs and comes back, once after longer than a lease: nobody notices."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from crash_service import SHORT_LEASE, Mortal, eventually, open_mortal
from fate import Order
from postgresql_cluster import MortalServer, mortal
from story_account import differences

from adapters.store import deliveries
from bot.demo.github.records import Delivery

LEASE_SECONDS = float(SHORT_LEASE["PULLWRIGHT_LEASE_SECONDS"])


@dataclass(frozen=True)
class Crash:
    """Of the database, while one run stands still at the point. Each run that comes by takes one of them."""

    point: str
    arrival: int
    away_seconds: float
    wakes_before_it_is_back: bool = True


LONG = Crash("store.before_commit", 25, LEASE_SECONDS + 2.0)  # all but committed, and nobody can hold the run
CRASHES = (
    Crash("effect.after_act", 3, 1.0),  # GitHub has what no receipt can be written of
    LONG,
    Crash("agent.after_reply", 2, 0.0, wakes_before_it_is_back=False),  # paid for, and its connections are gone
)


@pytest.fixture
def server() -> Iterator[MortalServer]:
    with mortal() as one:
        yield one


@pytest.mark.slow
async def test_a_database_that_crashes_again_and_again_is_not_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: MortalServer
) -> None:
    async with open_mortal(tmp_path, monkeypatch, database=server.new_database()) as service:
        calm = await service.story("calm-story")
        await service.rest()
        usual, parts = await service.account(calm), service.service.pids
        assert usual.ended == ("succeeded", "", "#2 is merged")

        orders = [Order(crash.point, (crash.arrival,), "STOP") for crash in CRASHES]
        service.fate.order({"runs": [None, *orders]})
        async with asyncio.TaskGroup() as tales:
            telling = [tales.create_task(service.story(name)) for name in ("one-story", "another-story")]
            for died in range(len(CRASHES)):
                async with _crashed(service, server, died) as crash:
                    if crash is LONG:
                        telling.append(tales.create_task(service.story("story-of-that-hour")))
                        await eventually(lambda: _refused(service))
                    await asyncio.sleep(crash.away_seconds)
        await service.rest()

        refused = {one.guid for one in _refused(service)}
        async with service.store.read() as db:
            assert await deliveries.known(db, refused) == refused
        wrong = {}
        for told in (task.result() for task in telling):
            # Every hold on the run but the last may have ended by a crash, between a reply and its record.
            lost = told.run.epoch - 1
            if found := differences(await service.account(told), usual, asked_again=lost, run_again=lost):
                wrong[told.repository.name] = found
        assert wrong == {}
        assert service.service.pids == parts, "no part of the service ends with its database"


@asynccontextmanager
async def _crashed(service: Mortal, server: MortalServer, died: int) -> AsyncIterator[Crash]:
    """The database is away in the block: from when one more run than so many stood still at its point."""
    frozen, *_ = await eventually(lambda: service.fate.deaths()[died:])
    crash = next(one for one in CRASHES if one.point == frozen.point)
    server.crash()
    if crash.wakes_before_it_is_back:
        os.kill(frozen.pid, signal.SIGCONT)
    yield crash
    server.start()
    if not crash.wakes_before_it_is_back:
        os.kill(frozen.pid, signal.SIGCONT)


def _refused(service: Mortal) -> list[Delivery]:
    """What GitHub could not hand over, since nobody could keep it."""
    return [one for one in service.town.github.webhooks.log if one.status_code == 503]
