"""Many writers at once: on PostgreSQL they hold rows in one order, so that none ever waits in a circle."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from adapters.store import Store, deliveries, effects, events, open_store, runs, signals, steps
from adapters.store.inbox import InboxWriter
from core.errors import LeaseLost
from core.names import Epoch, RunId, WorkerId
from core.runs import Delivery
from core.states import Trigger

from .examples import HASH, LATER, NOW, a_delivery, a_signal, a_wait, an_effect, in_seconds, started

Insert = Callable[[list[Delivery]], Awaitable[int]]


@contextmanager
def _held_by_another(url: str, statement: str) -> Iterator[None]:
    """Another client's transaction that holds the row of the statement, and lets go of it unchanged at the end."""
    with psycopg.connect(url) as other:
        other.execute(statement)
        yield
        other.rollback()


async def _until_waiting(url: str, number: int) -> None:
    """Until so many clients wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        while (await (await db.execute(waiting)).fetchone()) != (number,):  # noqa: ASYNC110  # another's state
            await asyncio.sleep(0.01)


async def _circle(url: str, one: Insert, two: Insert) -> None:
    """Two writers of the same two deliveries, in opposite order, the first of which is held up between them.

    Row by row they would each hold what the other wants next.
    """
    a, b, c = (a_delivery(guid) for guid in "abc")
    held = "INSERT INTO deliveries (hook_id, guid, event, body, received_at, state, attempts) "
    with _held_by_another(url, held + f"VALUES ('{c.hook_id}', 'c', 'x', '', 0, 'pending', 0)"):
        first = asyncio.create_task(one([a, c, b]))
        await _until_waiting(url, 1)
        second = asyncio.create_task(two([b, a]))
        await _until_waiting(url, 2)
    assert [await first, await second] == [3, 0]


async def test_two_receivers_of_the_same_deliveries_do_not_wait_in_a_circle(postgresql_url: str):
    one, two = InboxWriter(postgresql_url), InboxWriter(postgresql_url)
    await _circle(postgresql_url, one.write, two.write)
    await one.close()
    await two.close()


async def test_two_that_fetch_the_same_missed_deliveries_do_not_wait_in_a_circle(postgresql_url: str):
    async with open_store(postgresql_url) as store:

        async def insert(batch: list[Delivery]) -> int:
            async with store.begin() as db:
                return await deliveries.insert(db, batch)

        await _circle(postgresql_url, insert, insert)


async def test_rows_of_several_runs_are_taken_in_the_order_of_their_ids(postgresql_url: str):
    async with open_store(postgresql_url) as store:
        first, second = [await started(store, number) for number in (1, 2)]

        async def take() -> None:
            async with store.begin() as db:
                await runs.lock_in_order(db, [second, first])

        with _held_by_another(postgresql_url, f"SELECT * FROM runs WHERE id = '{first}' FOR UPDATE"):
            taking = asyncio.create_task(take())
            await _until_waiting(postgresql_url, 1)
            # Whoever waits for the first run holds none after it.
            with psycopg.connect(postgresql_url) as other:
                other.execute("SELECT * FROM runs WHERE id = %s FOR UPDATE NOWAIT", (second,))
        await taking


RUNS = 4
ROUNDS = 25


async def _hold(store: Store, run_id: RunId, name: str) -> None:
    """A worker: claims, writes step by step under its epoch, applies signals, parks or gives back."""
    for turn in range(ROUNDS):
        async with store.begin() as db:
            epoch = await runs.claim(db, run_id, WorkerId(name), NOW, 60)
        if epoch is None:
            continue
        try:
            await _advance(store, run_id, epoch, f"{name}-{turn}")
        except LeaseLost:
            continue


async def _advance(store: Store, run_id: RunId, epoch: Epoch, key: str) -> None:
    async with store.begin() as db:
        await runs.guard(db, run_id, epoch)
        await steps.start(db, run_id, epoch, key, HASH, NOW)
        await events.append(db, run_id, name="step.started", actor="pullwright", facts={"step": key}, at=NOW)
        await effects.insert(db, an_effect(f"{run_id}/{key}", run_id=run_id))
    async with store.begin() as db:
        await runs.guard(db, run_id, epoch)
        for signal in await signals.pending(db, run_id):
            await signals.applied(db, run_id, epoch, signal.key, "seen")
        await steps.finish(db, run_id, epoch, key, HASH, None, None, NOW)
        await events.append(db, run_id, name="step.finished", actor="pullwright", facts={"step": key}, at=NOW)
    async with store.begin() as db:
        if not await runs.park(db, run_id, epoch, a_wait(not_before=NOW)):
            await runs.release(db, run_id, epoch)


async def _signal(store: Store, run_ids: list[RunId], name: str, dice: random.Random) -> None:
    """An intake: one transaction that signals several runs, in the order in which the event names them."""
    for turn in range(ROUNDS):
        named = dice.sample(run_ids, 3)
        async with store.begin() as db:
            await runs.lock_in_order(db, named)
            for run_id in named:
                signal = a_signal(f"{name}-{turn}-{run_id}", run_id=run_id, at=in_seconds(turn))
                assert await signals.insert(db, signal)
                await events.append(db, run_id, name="signal.approve", actor="carol", facts={}, at=NOW)
            await effects.insert(db, an_effect(f"say:{name}-{turn}", run_id=None))


async def _tick(store: Store) -> None:
    """The clock: wakes whatever is due, and rings for it."""
    for _ in range(ROUNDS):
        async with store.begin() as db:
            due = await runs.due(db, LATER, 100)
            await runs.lock_in_order(db, due)
            for run_id in due:
                await runs.wake(db, run_id, NOW)
        for run_id in due:
            async with store.begin() as db:
                await runs.ring(db, run_id)


async def _outside(store: Store) -> None:
    """The loose effects: acted on and settled, one by one."""
    for _ in range(ROUNDS):
        async with store.read() as db:
            waiting = await effects.pending_loose(db, LATER, 10)
        for effect in waiting:
            async with store.begin() as db:
                await effects.acting(db, effect.key, None, NOW)
            async with store.begin() as db:
                await effects.done(db, effect.key, {"comment_id": 1})


async def test_workers_intakes_and_the_clock_get_on_beside_each_other_and_every_journal_holds(
    store: Store, other: Store
):
    """No lock is given up, no deadlock broken: any of that would raise StoreUnavailable here."""
    run_ids = [await started(store, number) for number in range(1, RUNS + 1)]
    dice = random.Random(3)
    async with asyncio.TaskGroup() as group:
        for run_id in run_ids:
            group.create_task(_hold(store, run_id, "one"))
            group.create_task(_hold(other, run_id, "two"))
        for name, at in (("first", store), ("second", other)):
            group.create_task(_signal(at, run_ids, name, dice))
        group.create_task(_tick(other))
        group.create_task(_outside(store))
    for run_id in run_ids:
        async with store.begin() as db:
            await runs.wake(db, run_id, NOW)
            epoch = await runs.claim(db, run_id, WorkerId("last"), LATER, 60)
            assert epoch is not None
            for signal in await signals.pending(db, run_id):
                assert await signals.applied(db, run_id, epoch, signal.key, "seen")
            await runs.end(db, run_id, epoch, Trigger.finish, "done", None, LATER)
        async with store.read() as db:
            journal = await events.of_run(db, run_id)
            assert events.verify(journal, await events.head(db, run_id)) is None
            told = [event for event in journal if event.name == "signal.approve"]
            assert [event.seq for event in journal] == list(range(journal[0].seq, journal[0].seq + len(journal)))
            assert told, "signals reached every run"


@pytest.mark.parametrize("kind", ["signal", "effect"])
async def test_of_two_that_write_one_key_at_once_one_wins_and_nobody_fails(store: Store, other: Store, kind: str):
    run_id = await started(store)

    async def write(to: Store) -> bool:
        async with to.begin() as db:
            if kind == "signal":
                return await signals.insert(db, a_signal("same", run_id=run_id))
            return await effects.insert(db, an_effect("same", run_id=run_id))

    assert sorted(await asyncio.gather(*(write(to) for to in (store, other, store, other)))) == [False] * 3 + [True]
