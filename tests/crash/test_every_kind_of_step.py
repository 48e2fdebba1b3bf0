"""A workflow with every kind of step, its parts on several workers, killed at every point: nobody sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from crash_service import Mortal, Told
from every_kind import every_step, everything, open_every_kind, workflow
from fate import ANY_RUN, Order
from story_account import Account, differences, family_of
from story_deaths import OF_LISTS, OF_SUBS, fault_points
from test_kill_at_every_point import BETWEEN_REPLY_AND_RECORD, BETWEEN_RUN_AND_RECORD

from core.workflow.steps import BELONGS, KINDS

OFTEN = 20
"""A point that a story comes by more often is one to die at twice."""
RARE = 6
"""So many arrivals or less, and there is no choosing where to die: the run may have died oftener in that step."""

POINTS = fault_points(of_lists=True, of_subs=True)
OF_THE_STORE = ("store.", "effect.", "end.", OF_LISTS, OF_SUBS)
"""Points where it matters which database there is: what is written there, and read by others. All are tried on one."""


def test_every_kind_of_step_and_every_key_of_one_has_a_part_in_it() -> None:
    steps = list(every_step(workflow()))
    assert {kind for step in steps for kind in KINDS if getattr(step, kind) is not None} == set(KINDS)
    assert {key for step in steps for key in step.model_fields_set} >= BELONGS.keys()
    assert {step.gate.binds for step in steps if step.gate is not None} == {"plan", "change"}


@dataclass(frozen=True)
class Undisturbed:
    account: Account
    reached: Mapping[str, int]
    """How often each point was."""


_undisturbed: list[Undisturbed] = []


@pytest.fixture
async def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The story in which nobody dies; told once, since it is the same on every database."""
    if not _undisturbed:
        with pytest.MonkeyPatch.context() as monkeypatch:
            async with open_every_kind(tmp_path_factory.mktemp("undisturbed"), monkeypatch) as mortal:
                told = await everything(mortal, "calm-story")
                await mortal.rest()
                _undisturbed.append(Undisturbed(await mortal.account(told), mortal.fate.arrivals(ANY_RUN)))
    found = _undisturbed[0]
    assert found.account.ended == ("succeeded", "", "#2 is merged")
    assert set(POINTS) <= set(found.reached), "the story comes by every point"
    return found


@pytest.mark.slow
async def test_a_run_killed_at_every_point_one_after_the_other_is_not_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: Undisturbed, database: str | None
) -> None:
    async with open_every_kind(tmp_path, monkeypatch, database=database) as mortal:
        points = POINTS if database is None else [point for point in POINTS if point.startswith(OF_THE_STORE)]
        mortal.fate.order({ANY_RUN: [_order(point, undisturbed.reached[point]) for point in points]})
        told = await everything(mortal, "killed-story")
        await mortal.rest()
        assert {death.point for death in mortal.fate.deaths()} == set(points)
        assert await _seen(mortal, told, undisturbed.account) == []


def _order(point: str, arrivals: int) -> Order:
    """Deaths evenly over the story, and none at its beginning, where many points are reached for the first time."""
    deaths = 2 if arrivals > OFTEN else 1
    at = tuple(1 + arrivals * (place + 1) // (deaths + 2) for place in range(deaths))
    # Between two deaths in a list an item comes back, or the run waits for one: it has got on.
    return Order(point, at, bearable=8 if point.startswith(OF_LISTS) else 4 if arrivals <= RARE else 2)


async def _seen(mortal: Mortal, told: Told, usual: Account) -> list[str]:
    """What somebody could have seen of the deaths."""
    family = await family_of(mortal.store, told.repository)
    died = [death.point for death in mortal.fate.deaths() if death.run in family]
    slips = sum(mortal.slips(run) for run in family)
    return differences(
        await mortal.account(told),
        usual,
        asked_again=slips + sum(point in BETWEEN_REPLY_AND_RECORD for point in died),
        run_again=slips + sum(point in BETWEEN_RUN_AND_RECORD for point in died),
    )
