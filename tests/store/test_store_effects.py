"""The outbox: intended once, done by one, with a receipt that stands."""

import pytest

from adapters.store import Store, effects, runs
from core.errors import LeaseLost
from core.runs import EffectState
from core.states import Trigger

from .examples import (
    LATER,
    NOW,
    RUN,
    WORKER,
    an_effect,
    claimed,
    in_seconds,
    started,
)


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
        assert [one.not_before for one in await effects.of_run(db, RUN)] == [in_seconds(30)]
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
        assert [one.state for one in await effects.of_run(db, RUN)] == ["done"]


async def test_an_effect_without_a_run_belongs_for_a_minute_to_whoever_acts_on_it(store: Store):
    loose = an_effect("delivery/reaction", run_id=None)
    async with store.begin() as db:
        await effects.insert(db, loose)
        assert [one.key for one in await effects.pending_loose(db, NOW, 10)] == [loose.key]
        assert await effects.acting(db, loose.key, None, NOW)
        assert await effects.pending_loose(db, in_seconds(59), 10) == []
        assert not await effects.acting(db, loose.key, None, in_seconds(59))
        assert await effects.acting(db, loose.key, None, in_seconds(60))


async def test_nobody_does_what_an_ended_run_still_owed(store: Store):
    _, epoch = await claimed(store)
    async with store.begin() as db:
        await effects.insert(db, an_effect())
        await effects.abandon(db, RUN, "the run ended")
        await runs.end(db, RUN, epoch, Trigger.finish, "merged", None, NOW)
        assert await effects.pending_loose(db, NOW, 10) == []
        assert not await effects.acting(db, an_effect().key, None, NOW)
        left = await effects.require(db, an_effect().key)
        assert (left.state, left.error) == ("failed", "the run ended")


async def test_effects_come_in_the_order_of_their_intentions(store: Store):
    await started(store)
    async with store.begin() as db:
        for key in ("z", "a", "m"):
            await effects.insert(db, an_effect(key))
        assert [one.key for one in await effects.of_run(db, RUN)] == ["z", "a", "m"]


async def test_what_is_overtaken_is_not_tried_again_behind_what_is_newer(store: Store):
    keys = ("alarms:1:a:1", "alarms:1:a:2", "alarms:1:b:1", "alarmsX1:a:1")
    async with store.begin() as db:
        for key in keys:
            await effects.insert(db, an_effect(key=key, run_id=None))
        assert await effects.acting(db, keys[0], None, NOW)
        await effects.done(db, keys[0], {"check_id": 1})
        await effects.failed(db, keys[1], "GitHub is down", in_seconds(3600))
        await effects.overtake(db, "alarms:1:a:", "newer")
        await effects.insert(db, an_effect(key="alarms:1:a:3", run_id=None))
        waiting = [one.key for one in await effects.pending_loose(db, in_seconds(3600), 10)]
        told = await effects.require(db, keys[1])
    assert waiting == ["alarms:1:b:1", "alarmsX1:a:1", "alarms:1:a:3"]
    assert (told.state, told.error) == (EffectState.failed, "newer")
