"""What a merge waits for once people approved: drafts, required checks, and checks that will never come."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import change_waits, nothing_merged, quick_world
from story_world import World

from bot.demo.github.people import OtherApp

NARROWED = """name: tests
on: {push: {paths: ["slugs/**"]}}
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
        env: {KEY: "${{ secrets.DEPLOY_KEY }}"}
"""
QUIET = (
    "`.github/workflows/tests.yml` starts on pushes that touch certain paths (`paths`), and will not start after the "
    "approval: the commit that replaces the held one has the same files. Let it listen to `pull_request` as well, or "
    "write `ci: run` in the policy."
)


DRAFT = (
    "@rosa, #{number} is approved, and it is a draft, which nobody merges. Press *Ready for review* there, and I "
    "continue; `/reject` ends it."
)
SIGN_OFF = (
    "@rosa, `DCO` is red: it asks who signs off the commits, and no change of files mends that. `sign_off: always` in "
    "`.github/pullwright.yml` has me sign off in my own name, in a run that `/retry` begins; somebody who may can also "
    "pass the check by hand, and I continue. `/reject` ends it."
)


def ruled(folder: Path, files: Mapping[str, str | None] | None = None) -> Any:
    return quick_world(folder, source=source(folder, files or {}), policy=AT_ONCE)


def require(world: World, name: str) -> None:
    asked = {"required_status_checks": [{"context": name}]}
    world.town.github.world.rule(world.town.repository, "main", "required_status_checks", **asked)


async def in_time(world: World, minutes: int) -> None:
    for _ in range(minutes):
        await world.settle()
        world.clock.leap(61)
    await world.settle()


async def test_a_draft_is_not_merged_until_somebody_says_that_it_is_ready(tmp_path: Path) -> None:
    async with ruled(tmp_path) as world:
        await change_waits(world)
        number = world.pull_number
        world.pull.draft = True
        await world.approver.comment(number, f"/approve {await world.digest()}")
        await in_time(world, 7)
        run = await world.run()
        assert run.waiting is not None, run.ended_why
        assert run.waiting.why == f"#{number} is a draft, which nobody merges: it needs *Ready for review*."
        assert nothing_merged(world)
        said = [text for text in world.replies(number) if "is a draft" in text]
        assert said == [DRAFT.format(number=number)]
        await world.approver.ready_for_review(number)
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_why) == ("succeeded", run.ended_why)
        assert world.pull.merged_at is not None


@pytest.mark.slow
async def test_a_required_check_is_waited_for_by_name_and_then_merged(tmp_path: Path) -> None:
    async with ruled(tmp_path) as world:
        require(world, "build")
        await change_waits(world)
        await world.approver.approve(world.pull_number)
        await in_time(world, 3)
        run = await world.run()
        assert run.waiting is not None, run.ended_why
        assert run.waiting.why == "`merge` waits for `build`, at most 2h."
        other = OtherApp(world.town.github.world, "acme-ci", world.town.repository)
        await other.check(world.pull.head_sha, "build", "success")
        await in_time(world, 2)
        assert (await world.run()).state == "succeeded"


@pytest.mark.slow
async def test_a_required_check_that_will_never_come_is_said_before_the_approval_and_ends_the_merge_at_once(
    tmp_path: Path,
) -> None:
    async with ruled(tmp_path, {".github/workflows/tests.yml": NARROWED}) as world:
        require(world, "test")
        await change_waits(world)
        (issue,) = world.town.github.world.pulls(world.town.repository)
        assert QUIET in issue.body
        assert any(QUIET in comment.body for comment in world.comments())
        checks = world.town.github.world.check_runs(world.town.repository, "pullwright/policy")
        assert any(QUIET in str(check.output) for check in checks)
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await in_time(world, 3)
        run = await world.run()
        assert (run.state, run.ended_code, run.ended_why) == (
            "failed",
            "merge-refused",
            f"The rules of `main` require `test`, and nothing was reported for {world.pull.head_sha[:12]}. {QUIET}",
        )


@pytest.mark.slow
async def test_where_nothing_requires_it_a_check_that_never_comes_holds_no_merge_up(tmp_path: Path) -> None:
    async with ruled(tmp_path, {".github/workflows/tests.yml": NARROWED}) as world:
        await change_waits(world)
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        run = await world.run()
        assert run.state == "succeeded", run.ended_why


@pytest.mark.slow
async def test_a_red_sign_off_sends_nobody_back_to_change_files_and_is_explained(tmp_path: Path) -> None:
    async with ruled(tmp_path) as world:
        await change_waits(world)
        other = OtherApp(world.town.github.world, "dco", world.town.repository)
        await other.check(world.pull.head_sha, "DCO", "failure")
        await in_time(world, 2)
        run = await world.run()
        assert run.state == "waiting", run.ended_why
        said = [text for text in world.replies(world.pull_number) if "signs off" in text]
        assert said == [SIGN_OFF]
        pushed = [event for event in await world.journal() if event.facts.get("kind") == "push"]
        assert [event.name for event in pushed] == ["effect.intended", "effect.done"]
