"""Signals are applied once; what a step has done is remembered, and never done again."""

from decimal import Decimal

import pytest

from adapters.store import StepMismatch, Store, runs, signals, steps
from core.errors import LeaseLost
from core.names import Digest, Epoch

from .examples import (
    HASH,
    LATER,
    NOW,
    RUN,
    WORKER,
    a_signal,
    a_wait,
    claimed,
    in_seconds,
)

OTHER_HASH = Digest("b" * 64)


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
        assert (await steps.start(db, RUN, epoch, "plan", HASH, NOW)).output == "first"


async def test_a_step_with_other_inputs_is_a_mismatch(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await steps.start(db, RUN, epoch, "plan", HASH, NOW)
    for record in (
        lambda db: steps.start(db, RUN, epoch, "plan", OTHER_HASH, NOW),
        lambda db: steps.finish(db, RUN, epoch, "plan", OTHER_HASH, None, None, NOW),
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


async def test_a_forgotten_step_is_recorded_anew_also_with_other_inputs(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        for key in ("plan", "change"):
            await steps.finish(db, RUN, epoch, key, HASH, "first", None, NOW)
        await steps.forget(db, RUN, epoch, ["change"])
        assert (await steps.finish(db, RUN, epoch, "change", OTHER_HASH, "second", None, NOW)).output == "second"
        assert [step.output for step in await steps.all_(db, RUN)] == ["first", "second"]
    with pytest.raises(LeaseLost):
        async with store.begin() as db:
            await steps.forget(db, RUN, Epoch(epoch - 1), ["plan"])


async def test_a_step_is_recorded_only_under_the_lease(store: Store):
    _, epoch = await claimed(store)
    with pytest.raises(LeaseLost):
        async with store.begin() as db:
            await steps.finish(db, RUN, Epoch(epoch - 1), "plan", HASH, None, None, NOW)
