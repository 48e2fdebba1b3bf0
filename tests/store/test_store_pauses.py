"""Pauses that GitHub asked for: one row per caller, the longest wait stands, and every process sees it."""

import asyncio

from sqlalchemy import text

from adapters.store import Store
from adapters.store.pauses import StoredPauses
from core.pauses import Pause

from .examples import NOW, in_seconds


async def test_a_pause_runs_until_its_end_for_its_caller_alone(store: Store, other: Store):
    told = Pause(caller="installation:9", until=in_seconds(60), why="Slow down.")
    await StoredPauses(store).record(told)
    theirs = StoredPauses(other)
    assert await theirs.running("installation:9", in_seconds(59)) == told
    assert await theirs.running("installation:9", in_seconds(60)) is None
    assert await theirs.running("installation:10", NOW) is None
    assert await theirs.running("app", NOW) is None


async def test_of_several_pauses_of_a_caller_the_longest_stands(store: Store):
    pauses = StoredPauses(store)
    for seconds in (60, 120, 30):
        await pauses.record(Pause(caller="app", until=in_seconds(seconds), why=f"{seconds} s"))
    running = await pauses.running("app", NOW)
    assert running is not None
    assert (running.until, running.why) == (in_seconds(120), "120 s")


async def test_processes_that_are_told_at_the_same_time_keep_the_longest(store: Store, other: Store):
    both = (StoredPauses(store), StoredPauses(other))
    told = [Pause(caller="app", until=in_seconds(seconds), why="x") for seconds in range(1, 21)]
    await asyncio.gather(*(both[number % 2].record(pause) for number, pause in enumerate(told)))
    for pauses in both:
        running = await pauses.running("app", NOW)
        assert running is not None
        assert running.until == in_seconds(20)
    async with store.read() as db:
        assert (await db.execute(text("SELECT count(*) FROM pauses"))).scalar_one() == 1
