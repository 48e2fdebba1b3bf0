"""What a run remembers: signals, steps, events, effects, approvals, artifacts and costs."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store import StepMismatch, Store, approvals, artifacts, costs, effects, events, runs, signals, steps
from core.completions import Usage
from core.errors import LeaseLost
from core.names import Digest, Epoch, RunId
from core.runs import EffectState, Event
from core.states import Trigger

from .examples import (
    HASH,
    LATER,
    NOW,
    REPO,
    RUN,
    WORKER,
    a_signal,
    a_wait,
    an_approval,
    an_effect,
    claimed,
    in_seconds,
    started,
)

OTHER_HASH = Digest("b" * 64)


# Signals


async def test_a_signal_wakes_a_waiting_run_once(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await runs.park(db, RUN, epoch, a_wait())
        assert await signals.insert(db, a_signal())
        assert await runs.claim(db, RUN, WORKER, NOW, 60) == 2
        assert not await signals.insert(db, a_signal(actor="mallory"))
        assert await signals.pending(db, RUN) == [a_signal()]


async def test_signals_are_applied_in_the_order_in_which_they_happened(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        for key, second in (("c", 2), ("a", 1), ("b", 1)):
            await signals.insert(db, a_signal(key, at=in_seconds(second)))
        assert [one.key for one in await signals.pending(db, RUN)] == ["a", "b", "c"]
        assert await signals.applied(db, RUN, epoch, "a", "approved")
        assert not await signals.applied(db, RUN, epoch, "a", "approved")
        assert [one.key for one in await signals.pending(db, RUN)] == ["b", "c"]


async def test_a_signal_for_no_run_is_not_kept(store: Store):
    async with store.begin() as db:
        assert not await signals.insert(db, a_signal())


async def test_only_the_lease_holder_applies_a_signal(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await signals.insert(db, a_signal())
    with pytest.raises(LeaseLost):
        async with store.begin() as db:
            await signals.applied(db, RUN, Epoch(epoch + 1), a_signal().key, "approved")


# Steps


async def test_a_step_is_remembered_with_its_output_and_cost(store: Store):
    _, epoch = await claimed(store)
    output = {"files": ["ü.py"], "n": 1.5, "nothing": None}
    async with store.begin() as db:
        begun = await steps.start(db, RUN, epoch, "plan", HASH, NOW)
        assert (begun.state, begun.output) == ("started", None)
        await steps.finish(db, RUN, epoch, "plan", HASH, output, Decimal("0.012345"), NOW)
        kept = await steps.get(db, RUN, "plan")
        assert await steps.get(db, RUN, "change") is None
    assert kept is not None
    assert (kept.state, kept.output, kept.cost_usd) == ("done", output, Decimal("0.012345"))


async def test_of_two_outcomes_of_a_step_the_first_stands(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await steps.finish(db, RUN, epoch, "plan", HASH, "first", None, NOW)
        assert (await steps.finish(db, RUN, epoch, "plan", HASH, "second", None, NOW)).output == "first"
        assert (await steps.fail(db, RUN, epoch, "plan", HASH, "third", None, NOW)).state == "done"
        assert (await steps.start(db, RUN, epoch, "plan", HASH, NOW)).output == "first"


async def test_a_failed_step_can_be_started_anew(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        assert (await steps.fail(db, RUN, epoch, "tests", HASH, {"code": 1}, None, NOW)).state == "failed"
        assert (await steps.start(db, RUN, epoch, "tests", HASH, NOW)).state == "started"
        assert (await steps.finish(db, RUN, epoch, "tests", HASH, {"code": 0}, None, NOW)).output == {"code": 0}


async def test_a_step_with_other_inputs_is_a_mismatch(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await steps.start(db, RUN, epoch, "plan", HASH, NOW)
    for record in (
        lambda db: steps.start(db, RUN, epoch, "plan", OTHER_HASH, NOW),
        lambda db: steps.finish(db, RUN, epoch, "plan", OTHER_HASH, None, None, NOW),
        lambda db: steps.fail(db, RUN, epoch, "plan", OTHER_HASH, None, None, NOW),
    ):
        with pytest.raises(StepMismatch) as mismatch:
            async with store.begin() as db:
                await record(db)
        assert str(mismatch.value) == f"The step `plan` of run {RUN} was recorded with other inputs."
    async with store.read() as db:
        assert [step.state for step in await steps.all_(db, RUN)] == ["started"]


async def test_steps_are_listed_in_the_order_in_which_they_began(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        for key in ("triage", "change", "baseline"):
            await steps.start(db, RUN, epoch, key, HASH, NOW)
        await steps.finish(db, RUN, epoch, "triage", HASH, None, None, LATER)
        assert [step.key for step in await steps.all_(db, RUN)] == ["triage", "change", "baseline"]


async def test_a_step_is_recorded_only_under_the_lease(store: Store):
    _, epoch = await claimed(store)
    with pytest.raises(LeaseLost):
        async with store.begin() as db:
            await steps.finish(db, RUN, Epoch(epoch - 1), "plan", HASH, None, None, NOW)


# Events


async def test_a_journal_comes_back_as_it_was_written_and_its_chain_holds(store: Store):
    await started(store)
    facts = {"amount": Decimal("1.50"), "paths": ("a", "b"), "when": NOW, "odd": "x\0\ud800", "n": 1.0}
    east = timezone(timedelta(hours=9))
    async with store.begin() as db:
        first = await events.append(db, RUN, name="run.started", actor="al\0ice", facts=facts, at=NOW.astimezone(east))
        second = await events.append(db, RUN, name="run.claimed", actor="pullwright", facts={}, at=LATER)
        journal = await events.of_run(db, RUN)
        run = await runs.get(db, RUN)
    assert journal == [first, second]
    assert [event.seq for event in journal] == [1, 2]
    assert first.facts == {
        "amount": "1.50",
        "paths": ["a", "b"],
        "when": "2026-03-01T12:00:00.123456+00:00",
        "odd": "x\ufffd\ufffd",
        "n": 1.0,
    }
    assert events.verify(journal) is None
    assert run is not None
    assert run.updated_at == LATER


async def test_many_appenders_at_once_do_not_fork_the_chain(store: Store, other: Store):
    await started(store)

    async def append(to: Store, number: int) -> None:
        async with to.begin() as db:
            await events.append(db, RUN, name="effect.done", actor="pullwright", facts={"n": number}, at=NOW)

    await asyncio.gather(*(append((store, other)[number % 2], number) for number in range(10)))
    async with store.read() as db:
        journal = await events.of_run(db, RUN)
    assert [event.seq for event in journal] == list(range(1, 11))
    assert events.verify(journal) is None


def _chain(length: int) -> list[Event]:
    journal: list[Event] = []
    for seq in range(1, length + 1):
        previous = journal[-1].hash if journal else None
        facts = {"n": seq}
        link = events._hash(previous, seq, NOW, "step.finished", "alice", facts)
        journal.append(Event(seq=seq, at=NOW, name="step.finished", actor="alice", facts=facts, hash=link))
    return journal


@given(
    length=st.integers(1, 8),
    where=st.integers(0, 7),
    lie=st.sampled_from(
        [
            {"actor": "mallory"},
            {"name": "approval.granted"},
            {"facts": {"n": "1"}},
            {"at": datetime(2026, 1, 1, tzinfo=UTC)},
            {"seq": 99},
            {"hash": Digest("0" * 64)},
        ]
    ),
)
def test_an_entry_that_was_changed_breaks_the_chain_there(length: int, where: int, lie: dict[str, object]):
    journal = _chain(length)
    where %= length
    assert events.verify(journal) is None
    journal[where] = journal[where].model_copy(update=lie)
    assert events.verify(journal) == where + 1


def test_an_entry_that_was_taken_out_or_moved_breaks_the_chain():
    one, two, three = _chain(3)
    assert events.verify([one, three]) == 2
    assert events.verify([two, one, three]) == 1
    assert events.verify([]) is None


# Effects


async def test_an_effect_is_intended_once_and_its_first_receipt_stands(store: Store):
    _, epoch = await claimed(store)
    effect = an_effect()
    async with store.begin() as db:
        assert await effects.insert(db, effect)
        assert not await effects.insert(db, an_effect(at=LATER))
        assert await effects.acting(db, effect.key, epoch, NOW)
        await effects.done(db, effect.key, {"comment_id": 5})
        await effects.done(db, effect.key, {"comment_id": 6})
        await effects.failed(db, effect.key, "too late", None)
        assert not await effects.acting(db, effect.key, epoch, NOW)
        kept = await effects.get(db, effect.key)
        assert await effects.get(db, "unknown") is None
        assert await effects.pending_of_run(db, RUN) == []
    assert kept is not None
    assert (kept.act, kept.at, kept.state, kept.receipt) == (effect.act, NOW, EffectState.done, {"comment_id": 5})
    assert (kept.attempts, kept.error) == (1, None)


async def test_an_effect_that_failed_is_put_off_and_one_that_failed_for_good_is_settled(store: Store):
    _, epoch = await claimed(store)
    key = an_effect().key
    async with store.begin() as db:
        await effects.insert(db, an_effect())
        await effects.failed(db, key, "GitHub is down", in_seconds(30))
        assert not await effects.acting(db, key, epoch, in_seconds(29))
        assert [one.not_before for one in await effects.pending_of_run(db, RUN)] == [in_seconds(30)]
        assert await effects.acting(db, key, epoch, in_seconds(30))
        await effects.failed(db, key, "422", None)
        (kept,) = await effects.of_run(db, RUN)
    assert (kept.state, kept.error) == (EffectState.failed, "422")


async def test_a_runs_effect_is_acted_on_by_its_lease_holder_alone(store: Store):
    _, old = await claimed(store)
    key = an_effect().key
    async with store.begin() as db:
        await effects.insert(db, an_effect())
        assert not await effects.acting(db, key, None, NOW)
        assert await effects.acting(db, key, old, NOW)
        new = await runs.claim(db, RUN, WORKER, LATER, 60)
        assert await effects.acting(db, key, new, LATER)
    with pytest.raises(LeaseLost):
        async with store.begin() as db:
            await effects.acting(db, key, old, LATER)


async def test_a_receipt_is_kept_even_when_the_lease_was_lost_meanwhile(store: Store):
    _, old = await claimed(store)
    key = an_effect().key
    async with store.begin() as db:
        await effects.insert(db, an_effect())
        await effects.acting(db, key, old, NOW)
        await runs.claim(db, RUN, WORKER, LATER, 60)
        await effects.done(db, key, {"comment_id": 5})
        assert await effects.pending_of_run(db, RUN) == []


async def test_an_effect_without_a_run_belongs_for_a_minute_to_whoever_acts_on_it(store: Store):
    loose = an_effect("delivery/reaction", run_id=None)
    async with store.begin() as db:
        await effects.insert(db, loose)
        assert [one.key for one in await effects.pending_loose(db, NOW, 10)] == [loose.key]
        assert await effects.acting(db, loose.key, None, NOW)
        assert await effects.pending_loose(db, in_seconds(59), 10) == []
        assert not await effects.acting(db, loose.key, None, in_seconds(59))
        assert await effects.acting(db, loose.key, None, in_seconds(60))


async def test_what_a_run_still_owed_when_it_ended_is_loose(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await effects.insert(db, an_effect())
        assert await effects.pending_loose(db, NOW, 10) == []
        await runs.end(db, RUN, epoch, Trigger.finish, "merged", None, NOW)
        assert [one.key for one in await effects.pending_loose(db, NOW, 10)] == [an_effect().key]
        assert await effects.acting(db, an_effect().key, None, NOW)


async def test_effects_come_in_the_order_of_their_intentions(store: Store):
    await started(store)
    async with store.begin() as db:
        for key in ("z", "a", "m"):
            await effects.insert(db, an_effect(key))
        assert [one.key for one in await effects.pending_of_run(db, RUN)] == ["z", "a", "m"]


# Approvals


async def test_an_approval_stands_for_exactly_its_content_and_gate(store: Store):
    await started(store)
    approval = an_approval(comment_id=5, comment_hash=OTHER_HASH)
    async with store.begin() as db:
        await approvals.grant(db, approval)
        assert await approvals.standing(db, RUN, "plan-approved", HASH) == [approval]
        assert await approvals.standing(db, RUN, "plan-approved", OTHER_HASH) == []
        assert await approvals.standing(db, RUN, "change-approved", HASH) == []
        assert await approvals.standing(db, RunId("another"), "plan-approved", HASH) == []


async def test_a_voided_approval_no_longer_stands_and_is_still_told(store: Store):
    await started(store)
    async with store.begin() as db:
        await approvals.grant(db, an_approval(comment_id=5))
        await approvals.grant(db, an_approval(review_id=6))
        await approvals.grant(db, an_approval(actor="dave", comment_id=7))
        assert await approvals.void(db, RUN, comment_id=5, why="the comment was edited") == 1
        assert await approvals.void(db, RUN, comment_id=5, why="again") == 0
        standing = await approvals.standing(db, RUN, "plan-approved", HASH)
        assert [(one.actor, one.review_id) for one in standing] == [("carol", 6), ("dave", None)]
        assert await approvals.void(db, RUN, actor="carol", why="carol left") == 1
        whys = [one.voided_why for one in await approvals.of_run(db, RUN)]
    assert whys == ["the comment was edited", "carol left", None]


async def test_voiding_everything_by_mistake_is_refused(store: Store):
    async with store.begin() as db:
        with pytest.raises(ValueError, match="say which approvals to void"):
            await approvals.void(db, RUN, why="?")


# Artifacts


async def test_an_artifacts_name_means_its_latest_content_in_its_own_run_only(store: Store):
    await started(store)
    await started(store, 2)
    async with store.begin() as db:
        await artifacts.record(db, RUN, "change.diff", HASH, 10, "text/x-diff", NOW)
        await artifacts.record(db, RUN, "change.diff", OTHER_HASH, 11, "text/x-diff", LATER)
        kept = await artifacts.get(db, RUN, "change.diff")
        assert await artifacts.of_run(db, RUN) == [kept]
        assert await artifacts.get(db, RunId("run000000002"), "change.diff") is None
    assert kept is not None
    assert (kept.digest, kept.size, kept.at) == (OTHER_HASH, 11, LATER)


# Costs


def _usage(cost: str | None) -> Usage:
    return Usage(input_tokens=1000, output_tokens=10, cost_usd=None if cost is None else Decimal(cost))


async def test_a_call_is_counted_once(store: Store):
    await started(store)
    async with store.begin() as db:
        assert await costs.add(db, RUN, REPO.id, 1, "plan/1", "a-model", _usage("0.10"), NOW)
        assert not await costs.add(db, RUN, REPO.id, 1, "plan/1", "a-model", _usage("0.10"), NOW)
        await costs.add(db, RUN, REPO.id, 1, "plan/2", "a-model", _usage("0.20"), NOW)
        totals = await costs.of_run(db, RUN)
    assert totals == costs.Totals(cost_usd=Decimal("0.3"), unpriced_calls=0, input_tokens=2000, output_tokens=20)


async def test_a_call_without_a_price_is_unpriced_and_not_free(store: Store):
    await started(store)
    async with store.begin() as db:
        assert (await costs.of_run(db, RUN)).cost_usd == Decimal(0)
        await costs.add(db, RUN, REPO.id, 1, "plan/1", "a-model", _usage(None), NOW)
        only = await costs.of_run(db, RUN)
        await costs.add(db, RUN, REPO.id, 1, "plan/2", "a-model", _usage("0"), NOW)
        both = await costs.of_run(db, RUN)
    assert (only.cost_usd, only.unpriced_calls) == (None, 1)
    assert (both.cost_usd, both.unpriced_calls) == (Decimal(0), 1)


async def test_costs_are_rounded_up_to_a_millionth_of_a_dollar(store: Store):
    await started(store)
    async with store.begin() as db:
        await costs.add(db, RUN, REPO.id, 1, "plan/1", "a-model", _usage("0.0000001"), NOW)
        assert (await costs.of_run(db, RUN)).cost_usd == Decimal("0.000001")


async def test_costs_add_up_by_issue_and_by_repository_since_a_time(store: Store):
    await started(store)
    await started(store, 2)
    async with store.begin() as db:
        await costs.add(db, RUN, REPO.id, 1, "a", "m", _usage("1"), NOW)
        await costs.add(db, RUN, REPO.id, 1, "b", "m", _usage("2"), LATER)
        await costs.add(db, RunId("run000000002"), REPO.id, 2, "a", "m", _usage("4"), LATER)
        assert (await costs.of_issue(db, REPO.id, 1)).cost_usd == 3
        assert (await costs.of_repository_since(db, REPO.id, LATER)).cost_usd == 6
        assert (await costs.of_repository_since(db, REPO.id, NOW)).cost_usd == 7
        assert (await costs.of_repository_since(db, 78, NOW)).cost_usd == 0
