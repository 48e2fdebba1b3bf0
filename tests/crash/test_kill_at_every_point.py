"""Every part of the real service is killed at every point where it can be, and nobody sees it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from crash_service import Mortal, Told, all_of, open_mortal
from fate import Order, spread
from story_account import Account, differences
from story_deaths import fault_points

AT_ONCE = 4
DEATHS = 5
"""The most of one story at one point."""

BETWEEN_REPLY_AND_RECORD = frozenset({"agent.after_reply", "memo.before_keep", "store.before_commit"})
"""Where a death can cost another request to the model."""

BETWEEN_RUN_AND_RECORD = frozenset({"memo.before_keep", "store.before_commit", "store.after_commit"})
"""Where a death can cost another run of a check that is in the journal already."""

AROUND = {
    "intake": (
        Order("store.before_commit", (2, 30, 61, 97)),
        Order("store.after_commit", (16, 47, 80)),
        Order("effect.before_act", (2,)),
        Order("effect.after_act", (4,)),
    ),
    "clock": (Order("store.before_commit", (11, 45)), Order("store.after_commit", (29, 60))),
    "web": (Order("inbox.before_commit", (6, 21)), Order("inbox.after_commit", (12, 33))),
}
"""Deaths of the parts that belong to no run, counted from when the disturbance begins."""


@pytest.mark.slow
async def test_a_worker_killed_at_the_most_telling_points_is_not_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [
        Order("effect.after_act", (2, 9)),
        Order("store.before_commit", (25, 70)),
        Order("agent.after_reply", (3,)),
        Order("push.after", (1,)),
    ]
    async with open_mortal(tmp_path, monkeypatch) as mortal:
        mortal.fate.order({"runs": [None, *orders], "web": [Order("inbox.after_commit", (6,))]})
        told = await all_of([partial(mortal.story, name) for name in _names(1 + len(orders))], len(orders) + 1)
        await mortal.rest()
        (calm,) = [one for one in told if one.run.id == mortal.fate.runs()[0]]
        usual = await mortal.account(calm)
        assert usual.ended == ("succeeded", "", "#2 is merged")
        died_at = {death.point for death in mortal.fate.deaths()}
        assert died_at == {*(order.point for order in orders), "inbox.after_commit"}
        assert await _seen(mortal, told, usual) == {}


@pytest.mark.slow
async def test_a_part_killed_at_any_point_is_not_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str | None
) -> None:
    async with open_mortal(tmp_path, monkeypatch, database=database) as mortal:
        calm = await mortal.story("calm-story")
        await mortal.rest()
        usual, reached = await mortal.account(calm), mortal.fate.arrivals(calm.run.id)
        assert usual.ended == ("succeeded", "", "#2 is merged")
        assert set(fault_points()) <= set(reached), "the story comes by every point"

        orders = [Order(point, spread(arrivals, DEATHS)) for point, arrivals in sorted(reached.items())]
        mortal.fate.order({"runs": [None, *orders], **_from_now_on(mortal)})
        told = await all_of([partial(mortal.story, name) for name in _names(len(orders))], AT_ONCE)
        await mortal.rest()
        deaths = mortal.fate.deaths()
        for order, run in zip(orders, mortal.fate.runs()[1:], strict=True):
            assert len([death for death in deaths if death.run == run]) == len(order.at), order
        for part, around in AROUND.items():
            assert {death.point for death in deaths if death.part == part} == {order.point for order in around}
        assert await _seen(mortal, told, usual) == {}


def _names(number: int) -> list[str]:
    return [f"story-{place:02}" for place in range(number)]


def _from_now_on(mortal: Mortal) -> Mapping[str, list[Order]]:
    return {
        part: [Order(one.point, tuple(_arrived(mortal, part, one.point) + at for at in one.at)) for one in around]
        for part, around in AROUND.items()
    }


def _arrived(mortal: Mortal, part: str, point: str) -> int:
    return mortal.fate.arrivals(part).get(point, 0)


async def _seen(mortal: Mortal, told: list[Told], usual: Account) -> dict[str, list[str]]:
    """What somebody could have seen of the deaths: by story, with where it died."""
    seen = {}
    for one in told:
        died, slips = [death for death in mortal.fate.deaths() if death.run == one.run.id], mortal.slips(one.run.id)
        wrong = differences(
            await mortal.account(one),
            usual,
            asked_again=slips + sum(death.point in BETWEEN_REPLY_AND_RECORD for death in died),
            run_again=slips + sum(death.point in BETWEEN_RUN_AND_RECORD for death in died),
        )
        if wrong:
            seen[f"{one.repository.name}: {[(death.point, death.arrival) for death in died]}"] = wrong
    return seen
