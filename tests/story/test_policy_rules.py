"""Rules of a policy in the whole service: teams, labels, quiet hours, and how many pull requests may be open."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import change_waits, newcomer, nothing_merged, quick_world
from story_world import World

RULES = {
    "people": {"crew": {"teams": ["acme/release"]}},
    "rules": [{"name": "the crew", "require": {"approvals": 1, "from": "crew"}}],
    "actions": {"merge": ["change", "the crew"]},
}


def in_team(world: World, login: str) -> None:
    github = world.town.github.world
    organisation = github.create_org("acme", [login])
    organisation.teams["release"] = [github.account(login)]


async def test_a_change_that_a_team_must_approve_waits_for_one_of_the_team(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path, **RULES), policy=AT_ONCE) as world:
        member = newcomer(world, "tom", "triage")
        in_team(world, "tom")
        await change_waits(world)
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        assert nothing_merged(world)
        waiting = (await world.run()).waiting
        assert waiting is not None
        assert (
            waiting.why == "0 of 1 approvals of the change given: it needs one person among `crew`, not the requester."
        )
        await member.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        assert world.pull.merged_at is not None


@pytest.mark.slow
async def test_a_stranger_who_may_be_of_the_team_is_told_once_however_often_they_approve(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path, **RULES), policy=AT_ONCE) as world:
        stranger = newcomer(world, "mallory")
        newcomer(world, "tom", "triage")
        in_team(world, "tom")
        await change_waits(world)
        before = len(world.replies(world.pull_number))
        for _ in range(3):
            await stranger.comment(world.pull_number, f"/approve {await world.digest()}")
            await world.settle()
        await stranger.approve(world.pull_number)
        await world.settle()
        told = [one for one in world.replies(world.pull_number)[before:] if one.startswith("Not done:")]
        assert len(told) == 1
        assert nothing_merged(world)


@pytest.mark.slow
async def test_whoever_left_the_team_before_the_merge_has_not_approved(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path, **RULES), policy=AT_ONCE) as world:
        member = newcomer(world, "tom", "triage")
        in_team(world, "tom")
        await change_waits(world)
        await member.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        world.town.github.world.account("acme").teams["release"].clear()
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        assert nothing_merged(world)
        assert (await world.run()).state == "waiting"


@pytest.mark.slow
async def test_a_denied_label_stops_a_start_and_a_push_and_says_which_rule(tmp_path: Path) -> None:
    frozen = {"deny": [{"name": "frozen", "if": {"label": ["freeze"]}}]}
    async with quick_world(tmp_path, source=source(tmp_path, **frozen), policy=AT_ONCE) as world:
        issue = await world.requester.open_issue("Slugs", "Mend them.", labels=["freeze"])
        await world.requester.comment(issue, "/implement")
        await world.settle()
        (said,) = world.replies(issue.number)
        assert "The policy denies this (`frozen`): it has the label `freeze`." in said
        assert world.town.github.world.pulls(world.town.repository) == []


@pytest.mark.slow
async def test_no_more_pull_requests_are_opened_than_the_policy_allows(tmp_path: Path) -> None:
    one = {"limits": {"open_pull_requests": 1}}
    async with quick_world(tmp_path, source=source(tmp_path, **one), policy=AT_ONCE) as world:
        await change_waits(world)
        first = world.pull_number
        approver = world.approver
        await world.ask()
        await world.settle()
        waiting = (await world.run()).waiting
        assert waiting is not None
        assert waiting.what in {"time", "paths"}
        assert len(world.town.github.world.pulls(world.town.repository)) == 1
        await approver.close_pull(first)
        await world.settle_in_time(rounds=6)
        assert len(world.town.github.world.pulls(world.town.repository)) == 2


@pytest.mark.slow
async def test_in_quiet_hours_a_run_waits_and_says_until_when(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    begins, ends = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
    quiet = {"quiet_hours": [{"from": begins, "to": ends}]}
    async with quick_world(tmp_path, source=source(tmp_path, **quiet), policy=AT_ONCE) as world:
        await world.ask()
        await world.settle()
        run = await world.run()
        assert run.waiting is not None
        assert (run.waiting.what, run.waiting.not_before is not None) == ("time", True)
        assert run.waiting.why.startswith("Quiet hours last until ")
