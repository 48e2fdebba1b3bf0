"""A workflow's own commands and tasks: what they get, what they hand over, and what follows when they fail."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import steps
from core import faults
from core.names import RunId

HOSTILE = '$(touch /tmp/owned) `id` "; exit 7; # ${{ subject.title }}'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    script: dict[str, Any] = {
        "notes": [{"submit": {"headline": "It joins hyphens.", "points": ["one", "two"], "risky": False}}],
        "mend": [
            {"write": {"path": "mended.txt", "content": "yes\n"}},
            {"submit": {"title": "mend it", "kind": "fix", "summary": "Mended."}},
        ],
        "grow/goal:1": [
            {"write": {"path": "points.txt", "content": "1\n"}},
            {"submit": {"title": "one", "kind": "feat", "summary": "One point."}},
        ],
        "grow/goal:2": [
            {"write": {"path": "points.txt", "content": "1\n2\n"}},
            {"submit": {"title": "two", "kind": "feat", "summary": "Two points."}},
        ],
    }
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=script) as opened:
        yield opened


async def outputs(world: World, run_id: RunId) -> dict[str, Any]:
    """What each step handed over."""
    async with world.services.store.read() as db:
        return {step.key: step.output for step in await steps.all_(db, run_id) if step.state == "done"}


async def played(world: World, *rows: dict[str, Any], **head: Any) -> dict[str, Any]:
    """Play a workflow of these steps to its end, and what each handed over."""
    run_id = await begin(world, yaml.safe_dump({"name": "own", **head, "steps": list(rows)}, sort_keys=False))
    await world.settle_in_time()
    return await outputs(world, run_id)


# Commands -------------------------------------------------------------------------------------------------------


async def test_a_command_hands_over_what_it_printed_and_leaves_nothing_behind(world: World) -> None:
    found = await played(
        world,
        {"id": "count", "run": "touch left; ls slugs | wc -l", "capture": {"format": "number"}},
        {"id": "then", "run": 'test ! -e left && echo "$N files"', "env": {"N": "${{ steps.count.output }}"}},
    )
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why
    assert found["count"]["output"] > 0
    assert found["then"] == {"exit_code": 0, "output": f"{found['count']['output']} files"}


async def test_what_a_command_may_write_is_the_tree_of_the_steps_after_it(world: World) -> None:
    found = await played(
        world,
        {"id": "make", "run": {"script": "echo made > made.txt", "writes": True}},
        {"id": "see", "run": "cat made.txt"},
    )
    assert found["see"]["output"] == "made"
    assert found["make"]["tree"]


async def test_words_from_outside_reach_a_command_as_values_and_never_as_text_of_the_shell(world: World) -> None:
    issue = await world.requester.open_issue(HOSTILE, "A body with\nlines.")
    run_id = await begin(
        world,
        yaml.safe_dump(
            {
                "name": "own",
                "steps": [
                    {
                        "id": "say",
                        "run": 'printf "%s" "$TITLE"',
                        "env": {"TITLE": "${{ subject.title }}", "BOTH": "${{ subject.title }} ${{ subject.number }}"},
                    }
                ],
            }
        ),
        issue=issue.number,
    )
    await world.settle_in_time()
    assert (await outputs(world, run_id))["say"]["output"] == HOSTILE
    assert not Path("/tmp/owned").exists()


async def test_a_failing_command_fails_the_run_with_its_output(world: World) -> None:
    await played(world, {"id": "lint", "run": "echo line 3 is too long; exit 4"}, {"id": "after", "run": "true"})
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "command-failed")
    assert run.ended_why == "The command of `lint` ended with 4."
    assert "line 3 is too long" in world.replies()[-1]


async def test_a_command_that_takes_too_long_is_ended_and_says_so(world: World) -> None:
    await played(world, {"id": "slow", "run": "sleep 30", "timeout": "1s"})
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "command-timed-out")


async def test_people_are_shown_the_names_of_the_steps_and_what_was_gone_without(world: World) -> None:
    await played(
        world,
        {"id": "count", "name": "Count the files", "run": "true"},
        {"id": "lint", "run": "exit 1", "continue_on_error": True},
    )
    assert "- [x] Count the files — done in " in world.replies()[0]
    assert "- [ ] **lint** — failed: gone on without it. The command of `lint` ended with 1." in world.replies()[0]


# When they fail -------------------------------------------------------------------------------------------------


async def test_a_step_that_may_fail_is_gone_without_and_the_next_ones_know(world: World) -> None:
    found = await played(
        world,
        {"id": "try", "run": "exit 9", "continue_on_error": True},
        {"id": "so", "when": "${{ steps.try.failed }}", "run": "echo $CODE", "env": {"CODE": "${{ steps.try.code }}"}},
    )
    assert (await world.run()).state == "succeeded"
    assert found["so"]["output"] == "command-failed"


async def test_a_retry_waits_without_a_process_and_counts_over_crashes(world: World) -> None:
    steady = {"attempts": 3, "delay": "2m", "backoff": "fixed", "jitter": False}
    flaky = {"id": "flaky", "run": "exit 1", "retry": steady}
    await begin(world, yaml.safe_dump({"name": "own", "steps": [flaky]}))
    await world.settle()
    run = await world.run()
    assert (run.state, run.waiting and run.waiting.what) == ("waiting", "time")
    assert run.waiting is not None
    assert run.waiting.why == "`flaky` failed (The command of `flaky` ended with 1.) It is tried again."
    await world.another_worker()
    world.clock.leap(121)
    await world.settle()
    assert (await world.run()).state == "waiting"
    world.clock.leap(121)
    await world.settle()
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "command-failed")
    journal = [event.facts for event in await world.journal() if event.name == "step.failed"]
    assert [(one["attempt"], one["then"]) for one in journal] == [(1, "again"), (2, "again")]
    assert [event.name for event in await world.journal()].count("command.ran") == 3


async def test_what_mends_a_failure_does_not_count_as_success_only_the_step_itself_does(world: World) -> None:
    found = await played(
        world,
        {
            "id": "check",
            "run": "test -e mended.txt || { echo not there; exit 3; }",
            "on_failure": [
                {"id": "why", "run": 'echo "$WHY"', "env": {"WHY": "${{ error.code }}: ${{ error.evidence }}"}},
                {"id": "mend", "agent": {"role": "implementer", "task": "Create the file mended.txt."}},
            ],
        },
        {"id": "see", "run": "cat mended.txt"},
    )
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why
    assert found["why"]["output"] == "command-failed: not there"
    assert found["see"]["output"] == "yes"


async def test_a_handler_that_mends_nothing_leaves_the_step_failed(world: World) -> None:
    await played(world, {"id": "check", "run": "exit 3", "on_failure": [{"id": "shrug", "run": "true"}]})
    run = await world.run()
    assert (run.state, run.ended_why) == ("failed", "The command of `check` ended with 3.")


@pytest.mark.parametrize("point", ["step.before_outcome", "memo.before_keep", "store.after_commit"])
async def test_a_crash_amid_mending_repeats_nothing_that_was_done(world: World, point: str) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    await begin(
        world,
        yaml.safe_dump(
            {
                "name": "own",
                "steps": [
                    {
                        "id": "check",
                        "run": "test -e mended.txt",
                        "on_failure": [{"id": "mend", "agent": {"role": "implementer", "task": "Create mended.txt."}}],
                    }
                ],
            }
        ),
    )
    deaths = 0
    for arrival in (1, 3, 7):
        count = iter(range(10_000))
        faults.arm(point, lambda n=arrival, count=count: die() if next(count) == n else None)
        try:
            await world.settle()
        except Died:
            deaths += 1
        finally:
            faults.disarm()
        await world.another_worker()
        world.clock.leap(120)
    await world.settle_in_time()
    run = await world.run()
    assert (run.state, run.ended_why) == ("succeeded", "every step is done")
    assert deaths > 0
    assert [event.name for event in await world.journal()].count("model.replied") == 2


# Agents ---------------------------------------------------------------------------------------------------------


async def test_an_agent_with_a_task_of_the_workflow_hands_in_the_fields_that_it_names(world: World) -> None:
    found = await played(
        world,
        {
            "id": "notes",
            "agent": {
                "role": "writer",
                "task": "Write one headline about this repository.",
                "output": {"headline": "string", "points": "list", "risky": "boolean"},
                "writes": False,
            },
            "with": {"audience": "users of ${{ subject.repository }}"},
        },
        {
            "id": "use",
            "run": 'echo "$H"',
            "env": {"H": "${{ steps.notes.headline }} (${{ steps.notes.points | length }})"},
        },
    )
    assert found["use"]["output"] == "It joins hyphens. (2)"
    assert world.town.model is not None
    said = str(world.town.model.conversations)
    assert "Write one headline about this repository." in said
    assert "users of acme/slugs" in said


async def test_a_goal_lets_the_agent_go_on_from_its_own_work_until_it_is_reached(world: World) -> None:
    judge = (
        'n=$(wc -l < points.txt); echo "{\\"score\\": $((n * 50)), \\"gaps\\": [\\"point $((n + 1)) is missing\\"]}"'
    )
    found = await played(
        world,
        {"id": "grow", "agent": {"role": "implementer", "task": "Add points."}, "goal": {"run": judge, "attempts": 3}},
        {"id": "see", "run": "wc -l < points.txt", "capture": {"format": "number"}},
    )
    assert (found["grow"]["score"], found["grow"]["attempts"], found["see"]["output"]) == (100, 2, 2)
    assert world.town.model is not None
    assert "point 2 is missing" in str(world.town.model.conversations)


async def test_a_goal_that_is_not_reached_fails_the_run_and_says_what_is_missing(world: World) -> None:
    judge = 'echo \'{"score": 40, "gaps": ["no test for empty input"]}\''
    await played(
        world,
        {"id": "grow", "agent": {"role": "implementer", "task": "Add points."}, "goal": {"run": judge, "attempts": 2}},
    )
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "goal-missed")
    assert run.ended_why == "`grow` came to 40 of the 100 points that are its goal, in 2 attempts."
    assert "no test for empty input" in world.replies()[-1]
