"""Dead letters, as an operator sees them and acts on them at the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import dead_letters, parts, runs, steps
from bot.cli import cli
from core.names import RunId
from core.runs import Part
from jobs.dead_letters import TooLate, retry
from jobs.parts import new_part

EACH = {
    "name": "own",
    "steps": [
        {
            "id": "each",
            "foreach": {
                "in": ["one", "two", "three"],
                "steps": [
                    {"id": "rest", "wait": "5m", "when": "${{ item == 'three' }}"},
                    {
                        "id": "make",
                        "run": {"script": 'echo "$NAME" > "made-$NAME.txt"; test "$NAME" != two', "writes": True},
                        "env": {"NAME": "${{ item }}"},
                    },
                ],
            },
        }
    ],
}
"""The second item fails, and the third one takes its time."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as opened:
        yield opened


@pytest.fixture
async def waiting(world: World) -> RunId:
    """A run whose second item failed, and whose third is at work."""
    run_id = await begin(world, yaml.safe_dump(EACH, sort_keys=False))
    await world.settle()
    return run_id


async def typed(world: World, *words: str) -> Result:
    """What `pullwright runs dead-letters` says to these words, in a thread: a command has a loop of its own."""

    def call() -> Result:
        return CliRunner(env=dict(world.town.environ)).invoke(cli, ["runs", *words])

    return await asyncio.to_thread(call)


async def letter(world: World) -> str:
    async with world.services.store.read() as db:
        (one,) = await dead_letters.unsettled(db)
    return one.run_id


@pytest.mark.slow
async def test_a_failed_item_is_listed_by_its_cause_shown_with_its_item_and_gone_once_it_is_dropped(
    world: World, waiting: RunId
) -> None:
    failed = await letter(world)
    listed = json.loads((await typed(world, "dead-letters", "list", "--json")).stdout)
    assert [(cause["code"], cause["count"]) for cause in listed] == [("command-failed", 1)]
    assert listed[0]["letters"][0]["part"]["item"] == "two"
    told = (await typed(world, "dead-letters", "list")).stdout.splitlines()
    assert told[0] == "command-failed: 1"
    assert f"item 1 of each in run {waiting}" in told[2]
    shown = (await typed(world, "dead-letters", "show", failed[:6])).stdout
    assert "Item 1 of step each: two" in shown
    assert "command-failed: The command of `make` ended with 1." in shown
    assert (await typed(world, "dead-letters", "drop", failed)).stdout == f"Run {failed} is not listed any more.\n"
    assert (await typed(world, "dead-letters", "list")).stdout == "There are no dead letters.\n"
    again = await typed(world, "dead-letters", "drop", failed)
    assert str(again.exception) == f"The dead letter about run {failed} was dropped before."


@pytest.mark.slow
async def test_an_item_is_done_again_while_its_list_is_open_and_comes_back_after_the_others(
    world: World, waiting: RunId
) -> None:
    failed = await letter(world)
    said = (await typed(world, "dead-letters", "retry", failed)).stdout
    assert said.endswith(f" does again what run {failed} failed at.\n")
    await world.settle()
    world.clock.leap(301)
    await world.settle()
    async with world.services.store.read() as db:
        found = await parts.of_step(db, waiting, "each")
        memo = await steps.get(db, waiting, "each")
        run = await runs.require(db, waiting)
        left = await dead_letters.unsettled(db)
    assert run.state == "succeeded", run.ended_why
    assert [(one.part.index, one.part.attempt) for one in found] == [(0, 0), (1, 0), (2, 0), (1, 1)]
    assert memo is not None
    assert (memo.output["done"], memo.output["failed"]) == (2, 1)
    assert [(one.part and one.part.attempt, one.code) for one in left] == [(1, "command-failed")]


@pytest.mark.slow
async def test_a_sub_workflow_that_was_given_up_is_not_done_again_as_if_it_were_an_item(world: World) -> None:
    """It has a letter, and a run that goes on without it: what would begin is the whole of that run, silently."""
    parent_id = await begin(world, yaml.safe_dump(EACH, sort_keys=False))
    now = world.clock.now()
    async with world.services.store.begin() as db:
        parent = await runs.require(db, parent_id)
        whole = Part(step="sub", whole=True, tree=parent.base_sha)
        sub = new_part(world.services.ids.run(), parent, whole, now, workflow="note", text="name: note\n")
        assert await runs.insert(db, sub) is runs.Inserted.started
        await dead_letters.add(db, sub.id, "given-up", "It failed five times.", now)
        (one,) = await dead_letters.unsettled(db)
        with pytest.raises(TooLate, match=f"Run {sub.id} was given up as a whole, and is over.") as refused:
            await retry(db, [one], world.services.ids, now)
        assert refused.value.remedy() == (
            "Comment `/retry` on acme/slugs#1: a new run does all of it; or `pullwright runs dead-letters drop` "
            "this one."
        )
        assert [part.id for part in await parts.of_step(db, parent_id, "sub")] == [sub.id]


@pytest.mark.slow
async def test_parts_stand_in_the_list_of_runs_only_where_they_are_asked_for_and_a_run_tells_of_its_own(
    world: World, waiting: RunId
) -> None:
    alone: list[dict[str, Any]] = json.loads((await typed(world, "list", "--json")).stdout)
    assert [run["id"] for run in alone] == [waiting]
    every = json.loads((await typed(world, "list", "--parts", "--json")).stdout)
    assert len(every) == 4
    shown = json.loads((await typed(world, "show", waiting, "--json")).stdout)
    assert {state: len(ids) for state, ids in shown["parts"].items()} == {"succeeded": 1, "failed": 1, "waiting": 1}
    said = (await typed(world, "show", waiting)).stdout
    assert f"Parts failed: 1 ({await letter(world)})" in said
