"""Times of schedules: each is handed over once, whoever leads and whoever dies; of missed ones the first, or none."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.store import deliveries, open_store, repositories
from adapters.store import schedules as stored
from adapters.store.schedules import Scheduled
from core import faults
from core.clock import FixedClock
from core.names import Repo, WorkerId
from jobs import schedules
from jobs.services import Services

REPO = Repo(id=7, installation_id=3, owner="acme", name="slugs")
THREE = datetime(2026, 1, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)


class Died(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


async def scheduled(services: Services, cron: str, missed: str, at: datetime = THREE) -> None:
    async with services.store.begin() as db:
        await repositories.upsert(db, REPO)
        await stored.add(db, Scheduled(repo_id=REPO.id, workflow="nightly", said=f"{cron} UTC {missed}", next_at=at))


def at(services: Services, now: datetime) -> Services:
    return replace(services, clock=FixedClock(now))


async def told(services: Services) -> list[str]:
    """The times that were handed over, the earliest first."""
    async with services.store.read() as db:
        return sorted(row.guid.removeprefix("schedule:7:nightly:") for row in await deliveries.list_(db, 50))


async def following(services: Services) -> datetime:
    async with services.store.read() as db:
        return (await stored.of_repository(db, REPO.id))[0].next_at


@pytest.mark.parametrize(
    ("cron", "missed", "now", "handed_over", "follows"),
    [
        ("0 3 * * *", "run-once", THREE - timedelta(seconds=1), [], THREE),
        ("0 3 * * *", "run-once", THREE, ["2026-01-01T03:00:00Z"], THREE + DAY),
        ("0 3 * * *", "run-once", THREE + 3 * DAY + timedelta(hours=1), ["2026-01-01T03:00:00Z"], THREE + 4 * DAY),
        ("0 3 * * *", "skip", THREE + timedelta(minutes=5), ["2026-01-01T03:00:00Z"], THREE + DAY),
        ("0 3 * * *", "skip", THREE + timedelta(minutes=5, seconds=1), [], THREE + DAY),
        ("0 3 * * *", "skip", THREE + 3 * DAY + timedelta(hours=1), [], THREE + 4 * DAY),
        # The one that comes just when the service is back was not missed.
        ("0 3 * * *", "skip", THREE + 3 * DAY + timedelta(seconds=9), ["2026-01-04T03:00:00Z"], THREE + 4 * DAY),
        ("*/10 * * * *", "skip", THREE + timedelta(hours=1), ["2026-01-01T04:00:00Z"], THREE + timedelta(minutes=70)),
    ],
)
async def test_a_time_is_handed_over_as_its_schedule_says_of_missed_ones(
    services: Services, cron: str, missed: str, now: datetime, handed_over: list[str], follows: datetime
) -> None:
    await scheduled(services, cron, missed)
    assert await schedules.tell(at(services, now)) == len(handed_over)
    assert await told(services) == handed_over
    assert await following(services) == follows
    assert await schedules.tell(at(services, now)) == 0


async def test_of_two_leaders_at_the_same_time_one_hands_it_over(services: Services, database_url: str) -> None:
    await scheduled(services, "0 3 * * *", "run-once")
    async with open_store(database_url) as other:
        one = at(services, THREE)
        both = (one, replace(one, store=other, worker=WorkerId("another")))
        assert sorted(await asyncio.gather(*map(schedules.tell, both))) == [0, 1]
    assert await told(services) == ["2026-01-01T03:00:00Z"]


async def test_a_leader_that_comes_late_with_what_it_saw_hands_over_nothing(services: Services) -> None:
    await scheduled(services, "* * * * *", "run-once")
    assert await schedules.tell(at(services, THREE)) == 1
    assert await schedules.tell(at(services, THREE + timedelta(minutes=1))) == 1
    assert await schedules.tell(at(services, THREE)) == 0  # its clock is behind
    assert await told(services) == ["2026-01-01T03:00:00Z", "2026-01-01T03:01:00Z"]


async def test_a_death_before_it_is_committed_loses_nothing_and_leaves_nothing_half_done(services: Services) -> None:
    await scheduled(services, "0 3 * * *", "run-once")

    def die() -> None:
        raise Died

    faults.arm("store.before_commit", die)
    with pytest.raises(Died):
        await schedules.tell(at(services, THREE))
    faults.disarm()
    assert (await told(services), await following(services)) == ([], THREE)
    assert await schedules.tell(at(services, THREE)) == 1
    assert await told(services) == ["2026-01-01T03:00:00Z"]
