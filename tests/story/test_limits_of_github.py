"""A hundred runs at a time in one installation: every limit that GitHub documents is kept to, and every run ends."""

import asyncio
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World
from test_github_storm import SETTINGS, until_quiet

from adapters.github import governor
from adapters.store import runs

NUMBER = 100
REMARKS = [f"Remark {number}." for number in range(1, 6)]
TALKATIVE = {
    "name": "talk",
    "on": {"label": "pullwright:talk"},
    "steps": [{"id": f"remark-{n}", "github": {"comment": text}} for n, text in enumerate(REMARKS, 1)],
}
"""Nothing but what people are told of, and more of it than GitHub allows in an hour. No clone, no box, no model."""
MARKER = re.compile(r"<!-- pullwright (\S+) -->")


def without_waiting(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let the clock leap to where somebody in the governor waits for, once nothing is under way: the travel of a
    request takes no time of that clock."""

    async def leap(seconds: float) -> None:
        clock, lately = world.clock, world.town.github.limits.lately
        until = clock.now() + timedelta(seconds=seconds)
        while (left := (until - clock.now()).total_seconds()) > 0:
            await asyncio.sleep(0.005)
            if not any(one.under_way for one in lately.values()):
                clock.leap(min(left, 1.0))

    patch.setattr(governor, "sleep", leap)


def most_within(told: list[datetime], window: timedelta) -> int:
    """The most of these moments, which are in order, that lie in one window of this length."""
    first, most = 0, 0
    for last, at in enumerate(told):
        while told[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.slow
async def test_a_hundred_runs_of_one_installation_never_go_beyond_a_limit_of_githubs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {".github/pullwright/workflows/talk.yml": yaml.safe_dump(TALKATIVE, sort_keys=False)}
    origin = source(tmp_path, files)
    async with quick_world(tmp_path, source=origin, policy=AT_ONCE, settings=SETTINGS, limited=True) as world:
        github, repository = world.town.github, world.town.repository
        without_waiting(world, monkeypatch)
        github.limits.enforced = True
        opened = [await world.requester.open_issue("Slugs", "They hold runs of hyphens.") for _ in range(NUMBER)]
        numbers = [issue.number for issue in opened]
        for number in numbers:
            await world.requester.label(number, "pullwright:talk")
        await until_quiet(world)
        assert github.limits.violations == []
        async with world.services.store.read() as db:
            ended = await runs.recent(db, NUMBER + 10)
        assert Counter((run.state.value, run.ended_why) for run in ended) == {
            ("succeeded", "every step is done"): NUMBER
        }
        comments = [github.world.comments_by(repository, "pullwright[bot]", number) for number in numbers]
        said = [marker for of_issue in comments for one in of_issue for marker in MARKER.findall(one.body)]
        assert set(Counter(said).values()) == {1}  # nothing twice, whatever was put off in between
        for of_issue in comments:
            bodies = [one.body.split("\n\n<!-- pullwright")[0] for one in of_issue]
            assert [body for body in bodies if body in REMARKS] == REMARKS
        told = sorted(one.created_at for of_issue in comments for one in of_issue)
        assert 400 < most_within(told, timedelta(hours=1)) <= 500  # as fast as may be, and no faster
        assert most_within(told, timedelta(minutes=1)) <= 80
