"""What was approved, kept and paid for."""

from decimal import Decimal

import pytest

from adapters.store import Store, approvals, artifacts, costs
from core.completions import Usage
from core.names import Digest, RunId

from .examples import (
    HASH,
    LATER,
    NOW,
    REPO,
    RUN,
    an_approval,
    started,
)

OTHER_HASH = Digest("b" * 64)


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


async def test_costs_add_up_by_issue_of_one_repository(store: Store):
    await started(store)
    await started(store, 2)
    async with store.begin() as db:
        await costs.add(db, RUN, REPO.id, 1, "a", "m", _usage("1"), NOW)
        await costs.add(db, RUN, REPO.id, 1, "b", "m", _usage("2"), LATER)
        await costs.add(db, RunId("run000000002"), REPO.id, 2, "a", "m", _usage("4"), LATER)
        assert (await costs.of_issue(db, REPO.id, 1)).cost_usd == 3
        assert (await costs.of_issue(db, REPO.id, 2)).cost_usd == 4
        assert (await costs.of_issue(db, 78, 1)).cost_usd == 0
