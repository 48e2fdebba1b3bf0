"""A hundred runs at a time in one installation: every limit that GitHub documents is kept to, and every run ends."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import LABEL
from test_github_storm import SETTINGS, TRIVIAL, assert_it_is_there_once, neighbours, until_quiet

from adapters.github import governor
from adapters.store import runs

NUMBER = 100


@pytest.mark.slow
async def test_a_hundred_runs_of_one_installation_never_go_beyond_a_limit_of_githubs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = source(tmp_path, checks=TRIVIAL)
    async with quick_world(tmp_path, source=origin, policy=AT_ONCE, settings=SETTINGS, limited=True) as world:
        github = world.town.github

        async def leap(seconds: float) -> None:
            world.clock.leap(seconds)
            await asyncio.sleep(0)

        monkeypatch.setattr(governor, "sleep", leap)  # nobody needs to sit it out
        github.limits.enforced = True
        street = await neighbours(world, origin, NUMBER, NUMBER)
        await until_quiet(world)
        for repository in street:
            rosa = github.person("rosa").at(repository)
            issue = await rosa.open_issue("Slugs hold runs of hyphens", "Join them.")
            await rosa.label(issue.number, LABEL)
        await until_quiet(world)
        for repository in street:
            (pull,) = github.world.pulls(repository)
            await github.person("ada").at(repository).approve(pull.number)
        await until_quiet(world)
        assert github.limits.violations == []
        async with world.services.store.read() as db:
            ended = await runs.recent(db, NUMBER + 10)
        assert Counter((run.state.value, run.ended_why) for run in ended) == {("succeeded", "#2 is merged"): NUMBER}
        by_repository = {run.repo.id: run for run in ended}
        for repository in street:
            await assert_it_is_there_once(world, repository, by_repository[repository.id])
