"""Headway: an outcome and the next intent are one write, and whoever lost the run writes neither."""

from typing import Any

import pytest

from adapters.store import StepMismatch, Store, events, headway, runs, steps
from adapters.store.headway import Begins, CameTo
from core.digests import digest
from core.errors import LeaseLost
from core.names import Epoch

from .examples import HASH, LATER, NOW, RUN, claimed

OTHER = digest("step", "other")
PLAN = CameTo("plan", HASH, {"files": 2}, "two files")


async def _stands(store: Store) -> list[tuple[str, str, Any]]:
    async with store.read() as db:
        journal, head = await events.of_run(db, RUN), await events.head(db, RUN)
        assert events.verify(journal, head) is None
        return [(memo.key, str(memo.state), memo.output) for memo in await steps.all_(db, RUN)]


async def test_what_a_step_came_to_and_that_the_next_begins_is_written_and_journalled_together(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await headway.make(db, RUN, epoch, NOW, begins=Begins("plan", HASH))
    async with store.begin() as db:
        await headway.make(db, RUN, epoch, LATER, done=PLAN, begins=Begins("change", OTHER))
    assert await _stands(store) == [("plan", "done", {"files": 2}), ("change", "started", None)]
    async with store.read() as db:
        said = [(entry.seq, entry.name, entry.at, entry.facts) for entry in await events.of_run(db, RUN)]
    assert said == [
        (1, "step.started", NOW, {"step": "plan"}),
        (2, "step.finished", LATER, {"step": "plan", "why": "two files"}),
        (3, "step.started", LATER, {"step": "change"}),
    ]


async def test_a_step_that_never_began_may_be_done_as_one_that_is_skipped_is(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await headway.make(db, RUN, epoch, NOW, done=PLAN)
    assert await _stands(store) == [("plan", "done", {"files": 2})]


async def test_of_two_outcomes_the_first_stands(store: Store):
    _, epoch = await claimed(store)
    for output in ({"files": 2}, {"files": 3}):
        async with store.begin() as db:
            await headway.make(db, RUN, epoch, NOW, done=CameTo("plan", HASH, output, "done"))
    assert await _stands(store) == [("plan", "done", {"files": 2})]


async def test_an_outcome_for_other_inputs_is_refused_and_nothing_of_it_stays(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await headway.make(db, RUN, epoch, NOW, begins=Begins("plan", OTHER))
    with pytest.raises(StepMismatch):
        async with store.begin() as db:
            await headway.make(db, RUN, epoch, NOW, done=PLAN, begins=Begins("change", OTHER))
    assert await _stands(store) == [("plan", "started", None)]


async def test_whoever_lost_the_run_writes_neither_outcome_nor_intent(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await headway.make(db, RUN, epoch, NOW, begins=Begins("plan", HASH))
        await runs.release(db, RUN, epoch)
    for lost in (epoch, Epoch(epoch + 1)):
        with pytest.raises(LeaseLost):
            async with store.begin() as db:
                await headway.make(db, RUN, lost, NOW, done=PLAN, begins=Begins("change", OTHER))
    assert await _stands(store) == [("plan", "started", None)]


async def test_a_step_that_is_done_makes_earlier_failures_count_no_more_and_a_beginning_does_not(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await headway.make(db, RUN, epoch, NOW, begins=Begins("plan", HASH))
        assert (await runs.require(db, RUN)).attempts == 1
        await headway.make(db, RUN, epoch, NOW, done=PLAN)
        assert (await runs.require(db, RUN)).attempts == 0
