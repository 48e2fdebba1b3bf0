"""Every workflow that ships with the bot is played with workers that die, one after the other, at one point each."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import test_crashes
import test_crashes_of_built_ins
import test_onboarding
import test_pulls_from_forks
from story_account import Account, account, differences
from story_deaths import OF_LISTS, OneByOne, fault_points, survive
from story_sources import AT_ONCE, source
from story_trust import QUICK, quick_world
from story_world import World
from test_bump_dependency_workflow import REQUIREMENTS
from test_bump_dependency_workflow import SCRIPT as BUMPED
from test_fix_tests import BROKEN
from test_fix_tests import SCRIPT as FIXED
from test_plan_and_research_workflows import SCRIPT as PLANNED
from test_research_and_implement_workflow import SCRIPT as RESEARCHED

import jobs.workflows
from core import faults


@dataclass(frozen=True)
class Story:
    """What is asked for, by command; what the model does then; and what is in the repository."""

    command: str
    script: Mapping[str, Any]
    files: Mapping[str, str | None] = field(default_factory=dict)
    of_lists: bool = False
    deaths: int = 10
    """At least so many."""


HERE: Mapping[str, Story] = {
    "bump-dependency": Story(
        "/bump-dependency package=requests version=2.32.3", BUMPED, {"requirements.txt": REQUIREMENTS}
    ),
    "fix-tests": Story("/fix-tests", FIXED, {"tests/test_answer.py": BROKEN}),
    "research-and-implement": Story("/research-and-implement", RESEARCHED, of_lists=True),
    "plan": Story("/plan", PLANNED, deaths=4),
    "research": Story("/research", QUICK, deaths=4),
    "triage": Story("/triage", QUICK, deaths=4),
}
ELSEWHERE = {
    "fix": test_pulls_from_forks.test_deaths_all_over_it_leave_one_review_and_nothing_pushed,
    "implement": test_crashes.test_a_death_at_this_point_is_not_seen_by_anybody,
    "investigate": test_crashes_of_built_ins.test_a_death_at_this_point_is_not_seen_by_anybody,
    "review": test_crashes_of_built_ins.test_a_death_at_this_point_is_not_seen_by_anybody,
    "revert": test_crashes_of_built_ins.test_a_death_at_this_point_is_not_seen_by_anybody,
    "onboard": test_onboarding.test_a_death_at_this_point_is_not_seen_by_anybody,
}
"""Those that die point by point."""
UNRECORDED = {"agent.after_reply", "memo.before_keep", "store.before_commit"}
"""Where a death costs another request to the model, or another run of a command, whose outcome died with it."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


async def play(world: World, story: Story) -> Account:
    """From the command to the end, with a yes where one is asked for."""
    issue = (await world.requester.open_issue("It is needed", "Please.")).number
    await world.requester.comment(issue, story.command)
    for _ in range(3):
        await survive(world)
        run = await world.run()
        if run.waiting is None or run.waiting.what != "approval":
            break
        await world.approver.approve(world.pull_number)
    world.clock.leap(61)
    await survive(world)
    faults.disarm()
    return await account(world.town, world.services.store, world.town.repository, await world.run())


def test_no_workflow_of_the_bots_own_is_forgotten() -> None:
    shipped = {file.stem for file in Path(jobs.workflows.__file__).parent.glob("*.yml")}
    assert shipped == HERE.keys() | ELSEWHERE.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HERE))
async def test_deaths_all_over_it_are_not_seen_by_anybody(tmp_path: Path, name: str) -> None:
    story = HERE[name]
    async with opened(tmp_path / "u", story) as world:
        usual = await play(world, story)
    assert usual.ended[0] == "succeeded", usual.ended
    async with opened(tmp_path / "d", story) as world:
        deaths = OneByOne(fault_points(of_lists=story.of_lists))
        found = await play(world, story)
    again = sum(point in UNRECORDED for point in deaths.died)
    assert differences(found, usual, asked_again=again, run_again=again) == []
    assert len(deaths.died) >= story.deaths, deaths.died
    assert any(point.startswith(OF_LISTS) for point in deaths.died) == story.of_lists


@asynccontextmanager
async def opened(folder: Path, story: Story) -> AsyncIterator[World]:
    folder.mkdir()
    place = source(folder, story.files)
    async with quick_world(folder, source=place, policy=AT_ONCE, script=story.script) as world:
        yield world
