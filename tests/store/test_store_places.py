"""Leases of the service, and where the App is installed."""

import asyncio

from adapters.store import Store, installations, leases, repositories
from adapters.store.installations import Installation

from .examples import NOW, REPO, in_seconds


async def test_one_owner_at_a_time_has_a_lease(store: Store):
    async with store.begin() as db:
        assert await leases.take(db, "clock", "one", NOW, 30)
        assert not await leases.take(db, "clock", "two", in_seconds(29), 30)
        assert await leases.take(db, "clock", "one", in_seconds(29), 30)
        assert not await leases.take(db, "clock", "two", in_seconds(58), 30)
        assert await leases.take(db, "clock", "two", in_seconds(59), 30)
        assert await leases.take(db, "another", "one", in_seconds(59), 30)


async def test_a_lease_given_back_is_free_and_only_its_owner_gives_it_back(store: Store):
    async with store.begin() as db:
        await leases.take(db, "clock", "one", NOW, 30)
        await leases.give_back(db, "clock", "two")
        assert not await leases.take(db, "clock", "two", NOW, 30)
        await leases.give_back(db, "clock", "one")
        assert await leases.take(db, "clock", "two", NOW, 30)


async def test_of_many_that_find_a_lease_free_one_gets_it(store: Store, other: Store):
    async def take(to: Store, owner: str) -> bool:
        async with to.begin() as db:
            return await leases.take(db, "clock", owner, NOW, 30)

    taken = await asyncio.gather(*(take((store, other)[number % 2], str(number)) for number in range(6)))
    assert sorted(taken) == [False] * 5 + [True]


async def test_a_repository_keeps_its_id_when_its_name_changes(store: Store):
    renamed = REPO.model_copy(update={"name": "toolbox"})
    async with store.begin() as db:
        await repositories.upsert(db, REPO)
        await repositories.upsert(db, renamed)
        assert await repositories.get(db, REPO.id) == renamed
        assert await repositories.all_(db) == [renamed]
        await repositories.remove(db, REPO.id)
        assert await repositories.get(db, REPO.id) is None


async def test_an_installation_that_is_removed_takes_its_repositories_along(store: Store):
    suspended = Installation(id=5, account="octo", suspended=True)
    async with store.begin() as db:
        await installations.upsert(db, Installation(id=5, account="octo"))
        await installations.upsert(db, suspended)
        await installations.upsert(db, Installation(id=6, account="solo"))
        await repositories.upsert(db, REPO)
        await repositories.upsert(db, REPO.model_copy(update={"id": 78, "installation_id": 6}))
        assert await installations.get(db, 5) == suspended
        await installations.remove(db, 5)
        assert [one.id for one in await installations.all_(db)] == [6]
        assert [one.id for one in await repositories.all_(db)] == [78]
