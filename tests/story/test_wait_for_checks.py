"""A run waits for the repository's own CI on what it shipped: what wakes it, what counts, and what comes of red."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from story_sources import AT_ONCE, source
from story_trust import posted, quick_world
from story_workflows import begin
from story_world import World

from adapters.store import steps
from bot.demo.github.people import OtherApp

NOTE = {"id": "note", "write": {"path": "note.txt", "content": "Hello.\n"}}
SHIP = {"id": "ship", "ship": {"title": "add a note"}}
GREEN = {"id": "ci", "wait": {"checks": "green"}}
AFTER = {"id": "after", "run": 'echo "$CAME"', "env": {"CAME": "${{ steps.ci.conclusion }}"}}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as opened:
        yield opened


def ci(world: World) -> OtherApp:
    return OtherApp(world.town.github.world, "acme-ci", world.town.repository)


async def shipped(world: World, *rows: dict[str, Any]) -> int:
    """Play a workflow that ships and then does this, until it waits; the issue's number."""
    text = yaml.safe_dump({"name": "own", "steps": [NOTE, SHIP, *(rows or (GREEN, AFTER))]}, sort_keys=False)
    await begin(world, text)
    await world.settle()
    run = await world.run()
    assert run.waiting is not None, f"{run.state}: {run.ended_why}"
    assert (run.state, run.waiting.what, run.lease_owner) == ("waiting", "checks", None)
    return run.subject.number


async def outputs(world: World) -> dict[str, Any]:
    run = await world.run()
    async with world.services.store.read() as db:
        return {memo.key: memo.output for memo in await steps.all_(db, run.id) if memo.state == "done"}


async def signals(world: World) -> int:
    return [event.name for event in await world.journal()].count("signal.checks_done")


async def test_a_run_waits_until_the_last_check_is_green_and_our_own_do_not_count(world: World) -> None:
    issue = await shipped(world)
    posted(world, issue, "**✋ Waiting**: `ci` waits to see which checks come, at most 2h.")
    head = world.pull.head_sha
    assert set(world.checks()) == {"pullwright/policy"}
    build = await ci(world).check(head, "build")
    await ci(world).status(head, "lint", "pending")
    world.clock.leap(61)
    await world.settle()
    posted(world, issue, "**✋ Waiting**: `ci` waits for `build`, `lint`, at most 2h.")
    await ci(world).finish(build, "success")
    await world.settle()
    assert (await world.run()).state == "waiting"
    await ci(world).status(head, "lint", "success")
    await world.settle()
    world.clock.leap(11)  # the API may lag behind its own event
    await world.settle()
    assert (await world.run()).state == "succeeded"
    assert (await outputs(world))["ci"] == {
        "conclusion": "success",
        "head": head,
        "checks": ["build", "lint"],
        "failing": [],
        "pending": [],
    }
    assert (await outputs(world))["after"]["output"] == "success"
    assert await signals(world) >= 2


@pytest.mark.slow
async def test_red_checks_fail_the_run_and_are_named_with_their_addresses(world: World) -> None:
    issue = await shipped(world)
    head = world.pull.head_sha
    await ci(world).check(head, "build", "success")
    await ci(world).status(head, "lint", "failure", "https://ci.example/7")
    world.clock.leap(61)
    await world.settle()
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "checks-red")
    assert run.ended_why == f"`lint` is red on {head[:12]}."
    assert "lint https" in world.replies(world.pull_number)[-1]
    assert issue != world.pull_number


@pytest.mark.slow
async def test_what_was_red_is_handed_to_the_steps_that_deal_with_it_and_the_step_is_tried_once_more(
    world: World,
) -> None:
    tell = {"comment": "Red: ${{ steps.ci.failing[0].name }}, ${{ steps.ci.conclusion }}, ${{ error.code }}"}
    mending = {**GREEN, "on_failure": [{"id": "tell", "github": tell}]}
    issue = await shipped(world, mending)
    head = world.pull.head_sha
    flaky = await ci(world).check(head, "flaky", "failure")
    world.clock.leap(61)
    await world.settle()
    assert "Red: flaky, failure, checks-red" in world.replies(issue)
    assert (await world.run()).state == "waiting"
    await ci(world).check(head, "flaky", "success")  # somebody ran it again
    world.clock.leap(61)
    await world.settle()
    assert (await world.run()).state == "succeeded"
    assert flaky.conclusion == "failure"


@pytest.mark.slow
async def test_a_wait_for_done_goes_on_with_what_is_red(world: World) -> None:
    await shipped(world, {"id": "ci", "wait": {"checks": "done", "names": ["build"]}}, AFTER)
    head = world.pull.head_sha
    await ci(world).check(head, "other", "failure")
    run = await ci(world).check(head, "build", "failure")
    await world.settle()
    world.clock.leap(11)
    await world.settle()
    found = await outputs(world)
    url = f"{world.town.github.url}/acme/slugs/runs/{run.id}"
    assert found["ci"]["failing"] == [{"name": "build", "url": url}]
    assert (found["ci"]["conclusion"], found["after"]["output"]) == ("failure", "failure")


@pytest.mark.slow
async def test_a_check_that_must_come_is_waited_for_and_the_time_for_it_ends(world: World) -> None:
    row = {"id": "ci", "wait": {"checks": "green", "names": ["deploy"], "timeout": "10m"}, "continue_on_error": True}
    await shipped(world, row, AFTER)
    await ci(world).check(world.pull.head_sha, "build", "success")
    for _ in range(9):
        world.clock.leap(61)
        await world.settle()
        assert (await world.run()).state == "waiting"
    world.clock.leap(61)
    await world.settle()
    found = await outputs(world)
    assert (found["ci"]["code"], found["ci"]["conclusion"]) == ("checks-timed-out", "timed-out")
    assert found["ci"]["pending"] == ["deploy"]
    assert found["ci"]["why"] == f"`ci` waited 10m for `deploy` on {world.pull.head_sha[:12]}."
    assert found["after"]["output"] == "timed-out"


@pytest.mark.slow
async def test_a_repository_without_checks_is_not_waited_for_longer_than_they_take_to_appear(world: World) -> None:
    issue = await shipped(world)
    world.clock.leap(50)
    await world.settle()
    assert (await world.run()).state == "waiting"
    world.clock.leap(11)
    await world.settle()
    assert (await outputs(world))["ci"]["conclusion"] == "none"
    status = world.replies(issue)[0]
    assert f"no check came on {world.pull.head_sha[:12]} within 60 seconds" in status


@pytest.mark.slow
async def test_an_event_that_is_lost_is_made_up_for_by_the_clock(world: World) -> None:
    await shipped(world)
    world.clock.leap(61)
    build = await ci(world).check(world.pull.head_sha, "build")
    await world.settle()
    world.town.app.events = ()  # from here on GitHub tells us nothing
    await ci(world).finish(build, "success")
    await world.settle()
    assert (await world.run()).state == "waiting"
    world.clock.leap(301)
    await world.settle()
    assert (await world.run()).state == "succeeded"
    assert await signals(world) == 0


@pytest.mark.slow
async def test_a_head_that_somebody_moved_is_not_waited_for(world: World) -> None:
    await shipped(world)
    await world.approver.push(world.pull.head_ref, {"more.txt": "x"}, "more")
    await world.settle()
    world.clock.leap(61)
    await world.settle()
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "branch-moved")


@pytest.mark.slow
async def test_a_pull_request_that_is_merged_meanwhile_ends_the_run(world: World) -> None:
    await shipped(world)
    await world.approver.ready_for_review(world.pull_number)
    await world.approver.merge(world.pull_number)
    await world.settle()
    assert (await world.run()).state == "succeeded"


@pytest.mark.slow
async def test_another_worker_goes_on_with_the_same_time(world: World) -> None:
    await shipped(world, {"id": "ci", "wait": {"checks": "green", "names": ["deploy"], "timeout": "10m"}})
    world.clock.leap(400)
    await world.another_worker()
    await world.settle()
    assert (await world.run()).state == "waiting"
    world.clock.leap(201)
    await world.settle()
    assert (await world.run()).ended_code == "checks-timed-out"


@pytest.mark.slow
async def test_a_matrix_of_many_jobs_is_looked_at_a_few_times(world: World) -> None:
    await shipped(world)
    github, head = world.town.github.world, world.pull.head_sha
    jobs = [await ci(world).check(head, f"job {number}") for number in range(40)]
    world.clock.leap(61)
    await world.settle()

    def looks() -> int:
        return len(github.requests_of("GET", f"/commits/{head}/check-runs"))

    before = looks()
    for job in jobs:
        await ci(world).finish(job, "success")
        world.clock.leap(1)
        await world.settle()
    assert await signals(world) >= 40
    assert looks() - before <= 3, "forty reports in forty seconds, and a look for each half minute"
    world.clock.leap(11)
    await world.settle()
    assert (await world.run()).state == "succeeded"
    assert looks() - before <= 4
