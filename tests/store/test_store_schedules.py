"""Schedules: a time that has come is taken by one of those that saw it, and by nobody once the line has changed."""

import asyncio

from adapters.store import Store, schedules
from adapters.store.schedules import Scheduled

from .examples import LATER, NOW, in_seconds

NIGHTLY = Scheduled(repo_id=77, workflow="nightly", said="0 3 * * * UTC run-once", next_at=NOW)


async def kept(store: Store, *those: Scheduled) -> None:
    async with store.begin() as db:
        for one in those:
            await schedules.add(db, one)


async def found(store: Store) -> list[Scheduled]:
    async with store.read() as db:
        return await schedules.of_repository(db, 77)


async def test_of_two_leaders_that_saw_the_same_time_one_moves_it(store: Store, other: Store):
    await kept(store, NIGHTLY)
    seen = []
    for leader in (store, other):
        async with leader.read() as db:
            seen += await schedules.due(db, NOW, 10)
    assert seen == [NIGHTLY, NIGHTLY]

    async def move(leader: Store, one: Scheduled) -> bool:
        async with leader.begin() as db:
            return await schedules.move(db, one, LATER)

    moved = await asyncio.gather(move(store, seen[0]), move(other, seen[1]))
    assert sorted(moved) == [False, True]
    assert await found(store) == [NIGHTLY.model_copy(update={"next_at": LATER})]


async def test_a_time_whose_line_was_changed_meanwhile_is_moved_by_nobody(store: Store, other: Store):
    await kept(store, NIGHTLY)
    changed = NIGHTLY.model_copy(update={"said": "0 4 * * * UTC run-once", "next_at": LATER})
    async with other.begin() as db:
        await schedules.remove(db, [NIGHTLY])
        await schedules.add(db, changed)
    async with store.begin() as db:
        assert not await schedules.move(db, NIGHTLY, in_seconds(7))
    assert await found(store) == [changed]


async def test_a_line_that_is_read_again_keeps_its_time(store: Store):
    await kept(store, NIGHTLY, NIGHTLY.model_copy(update={"next_at": LATER}))
    assert await found(store) == [NIGHTLY]


async def test_those_whose_time_has_come_are_due_the_earliest_first(store: Store):
    times = {"third": NOW, "first": in_seconds(-60), "not-yet": in_seconds(1), "second": in_seconds(-1)}
    await kept(store, *(NIGHTLY.model_copy(update={"workflow": name, "next_at": at}) for name, at in times.items()))
    async with store.read() as db:
        assert [one.workflow for one in await schedules.due(db, NOW, 10)] == ["first", "second", "third"]
        assert [one.workflow for one in await schedules.due(db, NOW, 2)] == ["first", "second"]
