"""Runs: who may start one, who holds it, and how it moves."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.store import Store, open_store, runs, signals, sync
from adapters.store.tables import runs as table
from core.errors import LeaseLost
from core.names import Epoch, Repo, RunId, Subject, SubjectKind, WorkerId
from core.states import TERMINAL, TRANSITIONS, RunState, Trigger

from .examples import LATER, NOW, REPO, RUN, WORKER, a_run, a_signal, a_wait, claimed, in_seconds, started

MOVES = {
    Trigger.claim: lambda db: runs.claim(db, RUN, WORKER, LATER, 60),
    Trigger.release: lambda db: runs.release(db, RUN, Epoch(1)),
    Trigger.park: lambda db: runs.park(db, RUN, Epoch(1), a_wait()),
    Trigger.wake: lambda db: runs.wake(db, RUN, NOW),
    **{
        trigger: lambda db, trigger=trigger: runs.end(db, RUN, Epoch(1), trigger, "so it is", None, NOW)
        for trigger in (Trigger.finish, Trigger.fail, Trigger.cancel, Trigger.reject)
    },
}


async def test_a_run_comes_back_as_it_was_started(store: Store):
    wish = a_run()
    await started(store)
    async with store.read() as db:
        run = await runs.get(db, RUN)
        assert await runs.get(db, RunId("nowhere")) is None
    assert run is not None
    assert {name: getattr(run, name) for name in type(wish).model_fields} == dict(wish)
    assert (run.state, run.epoch, run.attempts, run.updated_at) == (RunState.queued, 0, 0, NOW)


async def test_the_same_trigger_starts_one_run_even_when_that_is_over(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await runs.end(db, RUN, epoch, Trigger.finish, "merged", None, NOW)
        again = a_run(2, subject=a_run().subject, trigger_key=a_run().trigger_key)
        assert await runs.insert(db, again) is runs.Inserted.duplicate


async def test_a_subject_with_an_unfinished_run_is_busy_until_the_run_ends(store: Store):
    _, epoch = await claimed(store)
    second = a_run(2, subject=a_run().subject)
    async with store.begin() as db:
        assert await runs.insert(db, second) is runs.Inserted.busy
        await runs.park(db, RUN, epoch, a_wait())
        assert await runs.insert(db, second) is runs.Inserted.busy
        await runs.wake(db, RUN, NOW)
        epoch = await runs.claim(db, RUN, WORKER, LATER, 60)
        await runs.end(db, RUN, epoch, Trigger.cancel, "closed", None, NOW)
        assert await runs.insert(db, second) is runs.Inserted.started


async def test_another_repository_or_a_pull_request_of_the_same_number_is_another_subject(store: Store):
    await started(store)
    elsewhere = REPO.model_copy(update={"id": 78})
    await started(store, 2, subject=a_run().subject, repo=elsewhere)
    await started(store, 3, subject=Subject(kind=SubjectKind.pull_request, number=1))


async def test_of_two_intakes_at_once_one_starts_the_run(store: Store, other: Store):
    async def wish(to: Store, number: int) -> runs.Inserted:
        async with to.begin() as db:
            return await runs.insert(db, a_run(number, subject=a_run().subject))

    outcomes = await asyncio.gather(*(wish((store, other)[number % 2], number) for number in range(1, 7)))
    assert sorted(outcomes) == ["busy"] * 5 + ["started"]


async def test_of_many_workers_that_hear_one_doorbell_one_claims_the_run(store: Store, other: Store):
    await started(store)

    async def hear(to: Store, number: int) -> Epoch | None:
        async with to.begin() as db:
            return await runs.claim(db, RUN, WorkerId(f"worker-{number}"), NOW, 60)

    epochs = await asyncio.gather(*(hear((store, other)[number % 2], number) for number in range(8)))
    assert [epoch for epoch in epochs if epoch is not None] == [1]


async def test_a_live_lease_is_respected_and_one_that_ran_out_is_taken_with_a_higher_epoch(store: Store):
    await claimed(store)
    async with store.begin() as db:
        assert await runs.claim(db, RUN, WORKER, in_seconds(59), 60) is None
        assert await runs.claim(db, RUN, WorkerId("worker-2"), in_seconds(60), 60) == 2
        run = await runs.get(db, RUN)
    assert run is not None
    assert (run.lease_owner, run.lease_until, run.attempts) == ("worker-2", in_seconds(120), 2)


async def test_a_run_that_is_put_off_cannot_be_claimed_before_its_time(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await runs.release(db, RUN, epoch, not_before=in_seconds(90))
        assert await runs.claim(db, RUN, WORKER, in_seconds(89), 60) is None
        assert await runs.due(db, in_seconds(89), 10) == []
        assert await runs.due(db, in_seconds(90), 10) == [RUN]
        assert await runs.claim(db, RUN, WORKER, in_seconds(90), 60) == 2


async def test_every_write_with_an_older_epoch_loses_the_lease_and_changes_nothing(store: Store):
    _, old = await claimed(store)
    async with store.begin() as db:
        await runs.claim(db, RUN, WORKER, LATER, 60)
        before = await runs.get(db, RUN)
    stale = (
        lambda db: runs.guard(db, RUN, old),
        lambda db: runs.release(db, RUN, old),
        lambda db: runs.park(db, RUN, old, a_wait()),
        lambda db: runs.end(db, RUN, old, Trigger.finish, "done", None, NOW),
        lambda db: runs.set_pull(db, RUN, old, 12),
        lambda db: runs.reset_attempts(db, RUN, old),
    )
    for write in stale:
        with pytest.raises(LeaseLost):
            async with store.begin() as db:
                await write(db)
    async with store.begin() as db:
        assert not await runs.renew(db, RUN, old, LATER)
        assert await runs.get(db, RUN) == before


async def test_a_guarded_transaction_keeps_the_lease_from_being_taken_until_it_ends(store: Store, other: Store):
    _, epoch = await claimed(store)

    async def take() -> Epoch | None:
        async with other.begin() as db:
            return await runs.claim(db, RUN, WorkerId("worker-2"), LATER, 60)

    async with store.begin() as db:
        await runs.guard(db, RUN, epoch)
        taking = asyncio.create_task(take())
        await asyncio.wait([taking], timeout=0.1)
        assert not taking.done()
        await runs.set_pull(db, RUN, epoch, 12)
    assert await taking == 2


async def test_a_renewed_lease_holds_longer_also_from_the_heartbeats_thread(store: Store, url: str):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        assert await runs.renew(db, RUN, epoch, in_seconds(75))
        assert await runs.claim(db, RUN, WORKER, in_seconds(74), 60) is None
    assert await asyncio.to_thread(sync.renew, url, RUN, epoch, in_seconds(90))
    assert not await asyncio.to_thread(sync.renew, url, RUN, Epoch(0), in_seconds(99))
    async with store.begin() as db:
        assert await runs.claim(db, RUN, WORKER, in_seconds(89), 60) is None
        assert await runs.claim(db, RUN, WORKER, in_seconds(90), 60) == 2


async def test_a_parked_run_says_what_it_waits_for_and_forgets_its_attempts(store: Store):
    _, epoch = await claimed(store)
    wait = a_wait(digest="c" * 64, not_before=LATER)
    async with store.begin() as db:
        assert await runs.park(db, RUN, epoch, wait)
        run = await runs.get(db, RUN)
        assert await runs.due(db, NOW, 10) == []
        assert await runs.due(db, LATER, 10) == [RUN]
    assert run is not None
    assert (run.state, run.waiting, run.attempts, run.lease_owner) == (RunState.waiting, wait, 0, None)


async def test_what_a_run_waited_for_stands_until_a_step_is_done(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await runs.park(db, RUN, epoch, a_wait())
        await runs.wake(db, RUN, NOW)
        woken = await runs.require(db, RUN)
        again = await runs.claim(db, RUN, WORKER, NOW, 60)
        assert again is not None
        held = await runs.require(db, RUN)
        await runs.got_on(db, RUN, again)
        gone_on = await runs.require(db, RUN)
    assert (woken.state, woken.waiting) == (RunState.queued, a_wait())
    assert (held.state, held.waiting) == (RunState.running, a_wait())
    assert (gone_on.waiting, gone_on.attempts) == (None, 0)


async def test_a_run_with_a_signal_to_apply_is_not_parked(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await signals.insert(db, a_signal())
        assert not await runs.park(db, RUN, epoch, a_wait())
        await signals.applied(db, RUN, epoch, a_signal().key, "approved")
        assert await runs.park(db, RUN, epoch, a_wait())


async def test_parking_waits_for_a_signal_that_is_being_written_and_then_sees_it(store: Store, other: Store):
    _, epoch = await claimed(store)

    async def park() -> bool:
        async with store.begin() as db:
            return await runs.park(db, RUN, epoch, a_wait())

    async with other.begin() as db:
        await signals.insert(db, a_signal())
        parking = asyncio.create_task(park())
        await asyncio.wait([parking], timeout=0.1)
        assert not parking.done()
    assert await parking is False


async def test_a_signal_waits_for_a_run_that_is_being_parked_and_then_wakes_it(store: Store, other: Store):
    _, epoch = await claimed(store)

    async def signal() -> bool:
        async with other.begin() as db:
            return await signals.insert(db, a_signal())

    async with store.begin() as db:
        assert await runs.park(db, RUN, epoch, a_wait())
        signalling = asyncio.create_task(signal())
        await asyncio.wait([signalling], timeout=0.1)
        assert not signalling.done()
    assert await signalling is True
    async with store.read() as db:
        assert (await runs.require(db, RUN)).state is RunState.queued


async def test_an_ended_run_says_why_and_is_never_due(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await runs.end(db, RUN, epoch, Trigger.fail, "The tests still fail.", "still-red", LATER)
        run = await runs.get(db, RUN)
        assert await runs.due(db, LATER + timedelta(days=9), 10) == []
        assert await runs.counts(db) == {state: int(state == "failed") for state in RunState}
    assert run is not None
    assert (run.state, run.ended_why, run.ended_code, run.updated_at) == (
        RunState.failed,
        "The tests still fail.",
        "still-red",
        LATER,
    )


async def test_a_trigger_that_ends_no_run_cannot_end_one(store: Store):
    _, epoch = await claimed(store)
    with pytest.raises(ValueError, match="park does not end a run"):
        async with store.begin() as db:
            await runs.end(db, RUN, epoch, Trigger.park, "", None, NOW)


async def test_what_is_due_comes_oldest_first(store: Store):
    await started(store, 1, created_at=in_seconds(2))
    await started(store, 2, created_at=in_seconds(1))
    _, epoch = await claimed(store, 3, created_at=in_seconds(3))
    assert epoch == 1
    async with store.read() as db:
        assert await runs.due(db, in_seconds(59), 10) == ["run000000002", "run000000001"]
        assert await runs.due(db, in_seconds(60), 10) == ["run000000002", "run000000001", "run000000003"]
        assert await runs.due(db, in_seconds(60), 1) == ["run000000002"]


async def test_a_waiting_run_with_a_signal_is_due_even_where_nothing_woke_it(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await runs.park(db, RUN, epoch, a_wait())
        await signals.insert(db, a_signal())
        await db.execute(sa.update(table).values(state=RunState.waiting, waiting_for="approval"))
        assert await runs.due(db, NOW, 10) == [RUN]


async def test_the_runs_of_a_subject_include_the_one_whose_pull_request_it_is(store: Store):
    _, epoch = await claimed(store)
    await started(store, 2, created_at=in_seconds(1), subject=Subject(kind=SubjectKind.pull_request, number=40))
    await started(
        store, 3, repo=Repo(id=78, owner="o", name="n", installation_id=5), subject=Subject(kind="issue", number=40)
    )
    async with store.begin() as db:
        await runs.set_pull(db, RUN, epoch, 40)
        assert [run.id for run in await runs.of_subject(db, REPO.id, 40)] == ["run000000002", RUN]
        assert [run.id for run in await runs.of_subject(db, REPO.id, 1)] == [RUN]


async def test_of_the_runs_about_a_whole_repository_only_those_begun_lately_are_read(store: Store):
    whole = Subject(kind=SubjectKind.repository, number=0)
    for number in range(1, 6):
        await started(store, number, subject=whole, workflow=f"w{number}", created_at=in_seconds(number))
    await started(store, 6, created_at=in_seconds(9))
    async with store.read() as db:
        found = await runs.about_the_whole(db, REPO.id, in_seconds(2), 2)
        assert [run.workflow for run in found] == ["w5", "w4"]
        assert len(await runs.about_the_whole(db, REPO.id, in_seconds(2), 20)) == 3
        assert await runs.about_the_whole(db, 78, in_seconds(2), 20) == []


async def test_runs_are_found_by_the_beginning_of_their_id_and_listed_newest_first(store: Store):
    for number in (1, 2, 13):
        await started(store, number, created_at=in_seconds(number))
    async with store.read() as db:
        assert [run.id for run in await runs.find(db, "run00000000")] == [RUN, "run000000002"]
        assert await runs.find(db, "%") == []
        assert [run.id for run in await runs.recent(db, 2)] == ["run000000013", "run000000002"]
        assert await runs.recent(db, 2, RunState.waiting) == []


async def test_no_two_rings_of_a_doorbell_share_a_number(store: Store, other: Store):
    await started(store)

    async def ring(to: Store) -> int:
        async with to.begin() as db:
            return await runs.ring(db, RUN)

    assert sorted(await asyncio.gather(*(ring(to) for to in (store, other) * 3))) == [1, 2, 3, 4, 5, 6]


async def test_progress_forgets_the_attempts_that_failed(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await runs.reset_attempts(db, RUN, epoch)
        run = await runs.get(db, RUN)
    assert run is not None
    assert run.attempts == 0


@given(state=st.sampled_from(RunState), trigger=st.sampled_from(Trigger))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_store_makes_every_move_of_the_table_and_refuses_every_other(url: str, state: RunState, trigger: Trigger):
    async def attempt() -> RunState:
        async with open_store(url) as store:
            async with store.begin() as db:
                await db.execute(sa.delete(table))
            await started(store)
            async with store.begin() as db:
                await db.execute(
                    sa.update(table).values(
                        state=state,
                        epoch=1,
                        lease_until=NOW if state is RunState.running else None,
                        waiting_for="approval" if state is RunState.waiting else None,
                        ended_at=NOW if state in TERMINAL else None,
                    )
                )
            with suppress(LeaseLost):
                async with store.begin() as db:
                    await MOVES[trigger](db)
            async with store.read() as db:
                return (await db.execute(sa.select(table.c.state))).scalar_one()

    assert asyncio.run(attempt()) is TRANSITIONS.get((state, trigger), state)


async def test_a_time_that_has_come_is_told_however_many_older_runs_stand_in_the_queue(store: Store) -> None:
    """These may be more than may be at work, for hours; and nobody claims a run that waits before it is woken."""
    waits, epoch = await claimed(store, 9, created_at=LATER)
    async with store.begin() as db:
        assert await runs.park(db, waits, epoch, a_wait(not_before=NOW))
    for number in range(1, 4):
        await started(store, number)
    async with store.read() as db:
        assert await runs.due(db, LATER, 2) == [waits, RunId("run000000001")]
