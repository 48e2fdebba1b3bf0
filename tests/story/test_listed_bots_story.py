"""A bot that the policy lists asks for work in the whole service, and decides nothing about it."""

from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import all_runs, nothing_merged, quick_world
from story_world import LABEL, World

from bot.demo.github.acts import labels
from bot.demo.github.people import OtherApp

pytestmark = pytest.mark.slow

LISTING = {**AT_ONCE, "bots": {"renovate[bot]": "triage"}}


async def labelled_by(world: World, app: OtherApp) -> int:
    issue = await world.requester.open_issue("slugify keeps runs of hyphens", "They should be one.")
    await labels.add(world.town.github.world, app.actor, world.town.repository, issue, [LABEL])
    await world.settle()
    return issue.number


def other_app(world: World, slug: str) -> OtherApp:
    return OtherApp(world.town.github.world, slug, world.town.repository)


async def test_a_listed_bot_starts_work_that_only_people_approve(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=LISTING) as world:
        renovate = other_app(world, "renovate")
        await labelled_by(world, renovate)
        run = await world.run()
        assert (run.requester, run.state) == ("renovate[bot]", "waiting"), run.ended_why
        (requested,) = world.pull.requested_reviewers
        assert requested.type == "User", "somebody who can look at it is asked"

        renovate.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        assert nothing_merged(world)
        assert world.replies(world.pull_number)[-1] == (
            "Not done: Approving the change is for people, and @renovate[bot] is a bot. "
            "Bots that the policy lists may start work and stop what they started."
        )
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        assert world.pull.merged_at is not None


async def test_a_bot_that_nobody_lists_starts_nothing(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=LISTING) as world:
        number = await labelled_by(world, other_app(world, "dependabot"))
        assert await all_runs(world) == []
        await world.requester.comment(number, "/why")
        await world.settle()
        newest, _ = world.replies(number)[-1].splitlines()[-2:]
        assert newest.endswith(" UTC, `issues`: dependabot[bot] is a bot")
