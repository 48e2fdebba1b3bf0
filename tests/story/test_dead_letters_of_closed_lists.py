"""Failed items whose run went on without them, or is over: a new run does them, and nothing that was done before."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from story_sources import AT_ONCE, policy, source
from story_trust import all_runs, quick_world
from story_workflows import begin
from story_world import World

from adapters.store import dead_letters, events, parts, runs, steps
from bot.cli import cli
from core.names import RunId
from jobs.dead_letters import LetterSettled, TooLate, retry
from jobs.records import record_of
from jobs.replay import replay

LISTS: dict[str, Any] = {
    "name": "own",
    "steps": [
        {"id": "first", "run": {"script": "echo begun > first.txt", "writes": True}},
        {"id": "names", "run": 'echo \'["one", "two", "three", "four"]\'', "capture": {"format": "json"}},
        {
            "id": "each",
            "foreach": {
                "in": "${{ steps.names.output }}",
                "collect": "${{ [item, index] }}",
                "steps": [
                    {
                        "id": "make",
                        "run": {
                            "script": 'cp first.txt "made-$NAME.txt"; test "$CAP" = 1 || test $((INDEX % 2)) = 0',
                            "writes": True,
                        },
                        "env": {
                            "NAME": "${{ item }}",
                            "INDEX": "${{ index }}",
                            "CAP": "${{ policy.limits.run_cost_usd | int }}",
                        },
                    }
                ],
            },
        },
        {
            "id": "later",
            "foreach": {
                "in": "${{ steps.names.output[:1] + steps.each.items | map(attribute='item') | list }}",
                "steps": [{"id": "see", "run": "echo $IT", "env": {"IT": "${{ item }}"}}],
            },
        },
        {"id": "show", "run": "ls made-*.txt", "capture": {"format": "lines"}},
        {"id": "which", "ask": {"question": "Which one?"}},
    ],
}
"""The second and the fourth item fail until the policy allows exactly one dollar for a run."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as opened:
        yield opened


async def asked(world: World) -> RunId:
    """A run that went on without two items, and asks a question."""
    run_id = await begin(world, yaml.safe_dump(LISTS, sort_keys=False))
    await world.settle()
    return run_id


async def mended(world: World) -> None:
    """What made the items fail is mended."""
    await world.approver.push("main", {".github/pullwright.yml": policy(limits={"run_cost_usd": 1})}, "allow less")
    await world.settle()


async def retried(world: World, *words: str) -> Result:
    def call() -> Result:
        return CliRunner(env=dict(world.town.environ)).invoke(cli, ["runs", "dead-letters", "retry", *words])

    return await asyncio.to_thread(call)


async def outputs(world: World, run_id: RunId) -> dict[str, Any]:
    async with world.services.store.read() as db:
        return {memo.key: memo.output for memo in await steps.all_(db, run_id) if memo.state == "done"}


async def begun(world: World, run_id: RunId) -> list[str]:
    """The steps that this run began itself."""
    async with world.services.store.read() as db:
        return [str(e.facts["step"]) for e in await events.of_run(db, run_id) if e.name == "step.started"]


async def test_a_new_run_does_the_failed_items_alone_and_what_comes_after_their_list(world: World) -> None:
    origin = await asked(world)
    number = (await all_runs(world))[0].subject.number
    await world.requester.comment(number, "/answer one")
    await world.settle()
    await mended(world)
    said = await retried(world, origin)
    assert said.exit_code == 0, said.exception
    await world.settle()
    again, old = await all_runs(world)
    async with world.services.store.read() as db:
        failed = [one for one in await parts.of_step(db, origin, "each") if one.state == "failed"]
        letters = [letter for one in failed for letter in await dead_letters.get(db, one.id)]
        assert await dead_letters.unsettled(db) == []
    assert said.stdout == "".join(f"Run {again.id} does again what run {one.run_id} failed at.\n" for one in letters)
    assert {(letter.settled, letter.again_id) for letter in letters} == {("retried", again.id)}
    assert (again.retry_of, again.base_sha, again.state) == (old.id, old.base_sha, "waiting")
    assert await begun(world, again.id) == ["each", "later", "show", "which"]
    found = await outputs(world, again.id)
    assert [(one["index"], one["output"]) for one in found["each"]["items"]] == [(1, ["two", 1]), (3, ["four", 3])]
    assert found["show"]["output"] == ["made-four.txt", "made-two.txt"]
    assert [one["item"] for one in found["later"]["items"]] == ["two", "four"], "what was done there stays done"
    refused = await retried(world, failed[0].id)
    assert isinstance(refused.exception, LetterSettled)
    assert str(refused.exception) == (
        f"The dead letter about run {failed[0].id} was retried before: run {again.id} does it again."
    )
    async with world.services.store.read() as db:
        record = await record_of(db, world.services.artifacts, again.id)
    assert (await replay(record)).difference is None


@pytest.mark.slow
async def test_while_the_run_is_still_at_work_after_its_list_the_new_one_waits_in_line_behind_it(world: World) -> None:
    origin = await asked(world)
    await mended(world)
    assert (await retried(world, origin, "--item", "3")).exit_code == 0
    await world.settle()
    again, old = await all_runs(world)
    assert (old.state, again.state, again.behind_id) == ("waiting", "queued", origin)
    await world.requester.comment(old.subject.number, "/answer one")
    await world.settle()
    again, old = await all_runs(world)
    assert (old.state, again.state) == ("succeeded", "waiting")
    assert [one["item"] for one in (await outputs(world, again.id))["each"]["items"]] == ["four"]
    async with world.services.store.read() as db:
        (left,) = await dead_letters.unsettled(db)
    assert left.part is not None
    assert left.part.index == 1


@pytest.mark.slow
async def test_an_item_that_fails_again_has_a_letter_of_its_own_which_can_be_retried_too(world: World) -> None:
    await asked(world)
    await world.requester.comment((await all_runs(world))[0].subject.number, "/cancel")
    for _ in range(2):
        await world.settle()
        async with world.services.store.read() as db:
            letters = await dead_letters.unsettled(db)
        assert len(letters) == 2
        assert (await retried(world, *(letter.run_id for letter in letters))).exit_code == 0
        await world.settle()
    newest, middle, origin = await all_runs(world)
    assert (newest.retry_of, middle.retry_of) == (middle.id, origin.id)
    assert [newest.ended_why, middle.ended_why] == ["2 of 2 items failed."] * 2
    async with world.services.store.read() as db:
        of_items = Counter(letter.parent_id for letter in await dead_letters.unsettled(db))
    assert of_items == {newest.id: 2}


@pytest.mark.slow
async def test_a_retry_that_is_refused_leaves_the_letters_as_they_were(world: World) -> None:
    """The first letter could be retried, and the second one not: nothing is begun for either."""
    origin = await asked(world)
    async with world.services.store.begin() as db:
        parent = await runs.require(db, origin)
        await dead_letters.add(db, parent.id, "given-up", "It failed five times.", world.clock.now())
        first, *_ = await dead_letters.of_parts(db, origin)
    # The run itself has a letter, and failed items: its id means the items; an item's id, the item.
    async with world.services.store.read() as db:
        (whole,) = [one for one in await dead_letters.unsettled(db) if one.run_id == origin]
    with pytest.raises(TooLate, match="was given up as a whole"):
        async with world.services.store.begin() as db:
            await retry(db, [first, whole], world.services.ids, world.clock.now())
    async with world.services.store.read() as db:
        assert len(await dead_letters.unsettled(db)) == 3
    assert len(await all_runs(world)) == 1
