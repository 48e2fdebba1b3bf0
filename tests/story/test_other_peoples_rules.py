"""Rules that other people made for a branch: merge queues, required checks, signatures."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_sources import AT_ONCE
from story_trust import change_waits, quick_world
from story_world import World

from bot.demo.github import git
from bot.demo.github.people import OtherApp
from core.github import Conclusion

APPROVAL = "pullwright/approval"


@pytest.fixture
async def at_once(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, policy=AT_ONCE) as opened:
        yield opened


def rule(world: World, kind: str, *checks: str) -> None:
    asked = {"required_status_checks": [{"context": name} for name in checks]} if checks else {}
    world.town.github.world.rule(world.town.repository, "main", kind, **asked)


async def test_where_a_merge_queue_is_asked_for_the_run_waits_in_it_until_it_merged(at_once: World) -> None:
    rule(at_once, "merge_queue")
    rule(at_once, "required_status_checks", APPROVAL, "build")
    ci = at_once.town.github.world
    await change_waits(at_once)
    head = at_once.pull.head_sha
    other = OtherApp(at_once.town.github.world, "acme-ci", at_once.town.repository)
    await other.check(head, "build", "success")
    await at_once.approver.approve(at_once.pull_number)
    await at_once.settle()
    run = await at_once.run()
    assert run.waiting is not None, run.ended_why
    assert run.waiting.why == (
        f"#{at_once.pull_number} is in the merge queue of `main`, which merges it when its checks are green."
    )
    (entry,) = at_once.town.repository.queue
    given = [check for check in ci.check_runs(at_once.town.repository, APPROVAL) if check.head_sha == entry.group_sha]
    assert [check.conclusion for check in given] == [Conclusion.success]
    await other.check(entry.group_sha, "build", "success")
    await at_once.settle()
    assert (await at_once.run()).state == "succeeded"
    assert at_once.pull.merge_commit_sha == entry.group_sha


@pytest.mark.slow
async def test_what_the_queue_takes_out_is_not_merged_and_the_run_says_so(at_once: World) -> None:
    rule(at_once, "merge_queue")
    rule(at_once, "required_status_checks", "build")
    await change_waits(at_once)
    other = OtherApp(at_once.town.github.world, "acme-ci", at_once.town.repository)
    await other.check(at_once.pull.head_sha, "build", "success")
    await at_once.approver.approve(at_once.pull_number)
    await at_once.settle()
    (entry,) = at_once.town.repository.queue
    await other.check(entry.group_sha, "build", "failure")
    at_once.clock.leap(301)
    await at_once.settle()
    run = await at_once.run()
    assert (run.state, run.ended_code, run.ended_why) == (
        "failed",
        "merge-refused",
        f"The merge queue of `main` took #{at_once.pull_number} out: its checks failed there, or somebody removed it.",
    )
    assert at_once.pull.merged_at is None


@pytest.mark.slow
async def test_where_our_check_is_required_a_persons_own_pull_request_is_not_blocked_by_it(at_once: World) -> None:
    rule(at_once, "required_status_checks", APPROVAL)
    await at_once.approver.push("topic", {"README.md": "Better.\n"}, "Write it better")
    mine = await at_once.approver.open_pull("topic", "main", "Write it better")
    await at_once.settle()
    assert at_once.checks()[APPROVAL] == "success"
    await at_once.approver.merge(mine)


@pytest.mark.slow
async def test_a_pull_request_from_the_bots_own_head_gets_no_answer_that_would_approve_the_bots(at_once: World) -> None:
    rule(at_once, "required_status_checks", APPROVAL)
    await change_waits(at_once)
    head = at_once.pull.head_sha
    await git.update_ref(at_once.town.repository.path, "refs/heads/mine", head, git.NOBODY)
    await at_once.approver.open_pull("mine", "main", "As if it were mine")
    await at_once.settle()
    given = at_once.town.github.world.check_runs(at_once.town.repository, APPROVAL)
    assert [check.conclusion for check in given if check.head_sha == head] == ["action_required"]
