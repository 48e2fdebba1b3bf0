"""Runs in line before a subject: in their order, with one at work, whatever dies in between."""

import pytest

from adapters.store import Store, line, runs
from core.names import RunId, Subject, SubjectKind
from core.states import RunState, Trigger

from .examples import LATER, NOW, WORKER, a_run, claimed, in_seconds


async def lined(store: Store, number: int, front: RunId, **changes: object) -> RunId:
    """A run of issue 1 that stands behind the one at work there."""
    run = a_run(number, subject=Subject(kind=SubjectKind.issue, number=1), behind_id=front, **changes)
    async with store.begin() as db:
        assert await runs.insert(db, run) is runs.Inserted.started
    return run.id


async def ended(store: Store, run_id: RunId) -> RunId | None:
    """Claim the run and end it; who moved up."""
    async with store.begin() as db:
        epoch = await runs.claim(db, run_id, WORKER, NOW, 60)
        assert epoch is not None
        await runs.end(db, run_id, epoch, Trigger.finish, "done", None, LATER)
        return await line.move_up(db, run_id, LATER)


async def test_those_in_line_come_one_after_another_in_the_order_of_their_coming(store: Store) -> None:
    front, epoch = await claimed(store)
    third = await lined(store, 3, front, created_at=in_seconds(3))
    second = await lined(store, 2, front, created_at=in_seconds(2))
    async with store.begin() as db:
        await runs.end(db, front, epoch, Trigger.finish, "done", None, LATER)
        assert await line.move_up(db, front, LATER) == second
    async with store.read() as db:
        assert [run.id for run in await line.behind(db, second)] == [third]
    assert await ended(store, second) == third
    assert await ended(store, third) is None


async def test_who_stands_in_line_is_neither_claimed_nor_rung_for(store: Store) -> None:
    front, _ = await claimed(store)
    second = await lined(store, 2, front)
    async with store.begin() as db:
        assert await runs.due(db, NOW, 10) == []
        assert await runs.claim(db, second, WORKER, LATER, 60) is None


async def test_an_end_that_is_not_committed_moves_nobody_up(store: Store) -> None:
    front, epoch = await claimed(store)
    second = await lined(store, 2, front)

    async def end_and_die() -> None:
        async with store.begin() as db:
            await runs.end(db, front, epoch, Trigger.finish, "done", None, LATER)
            assert await line.move_up(db, front, LATER) == second
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await end_and_die()
    async with store.read() as db:
        assert (await runs.require(db, front)).state is RunState.running
        assert (await runs.require(db, second)).behind_id == front


async def test_the_run_in_the_way_is_the_one_at_work_and_not_one_in_line(store: Store) -> None:
    front, _ = await claimed(store)
    await lined(store, 2, front)
    newcomer = a_run(3, subject=Subject(kind=SubjectKind.issue, number=1))
    async with store.begin() as db:
        assert await runs.insert(db, newcomer) is runs.Inserted.busy
        found = await line.ahead(db, newcomer)
        assert found is not None
        assert found.id == front


async def test_about_a_whole_repository_each_workflow_has_a_line_of_its_own(store: Store) -> None:
    whole = Subject(kind=SubjectKind.repository, number=0)
    front, _ = await claimed(store, 1, subject=whole, workflow="nightly")
    async with store.begin() as db:
        assert await runs.insert(db, a_run(2, subject=whole, workflow="other")) is runs.Inserted.started
        again = a_run(3, subject=whole, workflow="nightly")
        assert await runs.insert(db, again) is runs.Inserted.busy
        found = await line.ahead(db, again)
        assert found is not None
        assert found.id == front


async def test_whoever_joins_while_the_run_ahead_ends_is_seen_by_its_end(store: Store, other: Store) -> None:
    """On PostgreSQL the end waits for the one that joins; SQLite has one writer."""
    front, epoch = await claimed(store)
    newcomer = a_run(2, subject=Subject(kind=SubjectKind.issue, number=1))
    async with store.begin() as db:
        assert await line.ahead(db, newcomer) is not None
        assert await runs.insert(db, newcomer.model_copy(update={"behind_id": front})) is runs.Inserted.started
    async with other.begin() as db:
        await runs.end(db, front, epoch, Trigger.finish, "done", None, LATER)
        assert await line.move_up(db, front, LATER) == newcomer.id
        assert await line.ahead(db, newcomer) is not None
