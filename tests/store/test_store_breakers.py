"""Circuit breakers in the database: one row per dependency, moved by one process at a time."""

import asyncio

from adapters.store import Store, breakers
from adapters.store.breakers import StoredBreakers
from core.breakers import Breaker

from .examples import NOW


async def test_a_dependency_that_never_failed_is_closed(store: Store) -> None:
    assert await StoredBreakers(store).get("app") == Breaker(dependency="app")
    async with store.read() as db:
        assert await breakers.away(db) == []


async def test_failures_that_processes_see_at_the_same_time_all_count(store: Store, other: Store) -> None:
    both = (StoredBreakers(store), StoredBreakers(other))
    asked = Breaker(dependency="model:x")

    def fail(found: Breaker) -> Breaker:
        return found.failed(NOW, "away", asked=asked)

    await asyncio.gather(*(both[number % 2].move("model:x", fail) for number in range(5)))
    found = await both[0].get("model:x")
    assert found == await both[1].get("model:x")
    assert (found.failures, found.openings) == (5, 1)
    async with other.read() as db:
        assert await breakers.away(db) == [found]


async def test_one_that_is_answered_again_is_away_no_more(store: Store) -> None:
    kept = StoredBreakers(store)
    for _ in range(5):
        await kept.move("model:x", lambda found: found.failed(NOW, "away", asked=found))
    await kept.move("model:x", Breaker.answered)
    async with store.read() as db:
        assert await breakers.away(db) == []
