"""`investigate`: why a run failed is read from its own record and said in the thread; nothing is changed."""

from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import all_runs, quick_world
from story_workflows import begin
from story_world import World

FAILS = """
name: fails
steps:
  - {id: doomed, run: "echo 'ghp_0123456789abcdefghijABCDEFGHIJ456789 it lacks a comma' >&2; exit 3"}
"""
CAUSE = {"cause": "A comma is missing; closes #1.", "evidence": "- exit 3\n- @ada", "next_step": "Put it there."}
SCRIPT: dict[str, Any] = {"diagnose": [{"submit": CAUSE}]}


async def failed(world: World) -> int:
    """An issue with a run that failed."""
    issue = (await world.requester.open_issue("It fails")).number
    await begin(world, FAILS, issue=issue)
    await world.settle_in_time()
    assert (await world.run()).ended_code == "command-failed"
    return issue


async def test_the_cause_is_said_and_the_model_read_the_record_without_its_secrets(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = await failed(world)
        doomed = await world.run()
        await world.requester.comment(issue, "/investigate")
        await world.settle_in_time()
        run = await world.run()
        assert (run.workflow, run.state) == ("investigate", "succeeded"), run.ended_why
        (said,) = [reply for reply in world.replies(issue) if reply.startswith("**Why run")]
        assert said == (
            f"**Why run `{doomed.id}` of `fails` failed** (`command-failed`)\n\n"
            "**Cause**: A comma is missing; closes ＃1.\n\n"
            "**Evidence**:\n\n- exit 3\n- ＠ada\n\n**Next**: Put it there."
        )
        assert world.town.model is not None
        read = str(world.town.model.conversations)
        assert "it lacks a comma" in read
        assert "It failed in the step doomed." in read
        assert "ghp_" not in read
        assert world.town.github.world.pulls(world.town.repository) == []


@pytest.mark.slow
async def test_where_nothing_failed_that_is_the_answer_and_no_model_is_asked(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = (await world.requester.open_issue("All is well")).number
        for words, answer in (
            ("/investigate", "No run about this has failed."),
            ("/investigate run=../etc", "There is no failed run `../etc` in this repository."),
        ):
            await world.requester.comment(issue, words)
            await world.settle_in_time()
            assert answer in world.replies(issue)
        assert {run.ended_code for run in await all_runs(world)} == {"nothing-failed"}
        assert world.town.model is not None
        assert world.town.model.requests == []


@pytest.mark.slow
async def test_a_run_is_found_by_its_id_from_another_issue_also_where_that_is_closed(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        await failed(world)
        doomed = await world.run()
        other = (await world.requester.open_issue("Another")).number
        await world.requester.close_issue(other)
        await world.requester.comment(other, f"/investigate run={doomed.id}")
        await world.settle_in_time()
        assert any(reply.startswith(f"**Why run `{doomed.id}`") for reply in world.replies(other))
