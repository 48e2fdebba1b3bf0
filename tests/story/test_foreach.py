"""A list whose items are runs of their own: what they change comes back in order, and what fails stays behind."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy.ext.asyncio import AsyncConnection
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import costs, dead_letters, parts, runs, steps, tables
from core.names import RunId
from core.runs import Run
from core.states import RunState
from jobs.records import record_of
from jobs.replay import replay

WRITES = 'printf "%s\\n" "$NAME" > "made-$NAME.txt"; test "$NAME" != two'
"""A file for each item; the second one fails."""

SCRIPT: dict[str, Any] = {
    "each/merge:0:1": [
        {"write": {"path": "list.txt", "content": "one\ntwo\n"}},
        {"submit": {"title": "keep both", "kind": "chore", "summary": "Both lines."}},
    ],
    "each/merge:0:2": [{"submit": {"title": "give up", "kind": "chore", "summary": "Nothing done."}}],
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as opened:
        yield opened


def made(command: str, **keys: Any) -> dict[str, Any]:
    """A step that runs this for each of three names, which it sees in `$NAME`."""
    step = {"id": "make", "run": {"script": command, "writes": True}, "env": {"NAME": "${{ item }}"}}
    return {"id": "each", "foreach": {"in": ["one", "two", "three"], "steps": [step], **keys}}


async def played(world: World, *rows: dict[str, Any]) -> tuple[Run, dict[str, Any]]:
    """The run of these steps at its end, and what each step handed over."""
    run_id = await begin(world, yaml.safe_dump({"name": "own", "steps": list(rows)}, sort_keys=False))
    await world.settle_in_time()
    return await ended(world, run_id)


async def ended(world: World, run_id: RunId) -> tuple[Run, dict[str, Any]]:
    async with world.services.store.read() as db:
        found = {memo.key: memo.output for memo in await steps.all_(db, run_id) if memo.state == "done"}
        return await runs.require(db, run_id), found


async def test_the_changes_of_the_items_are_shipped_together_and_a_failed_one_is_told_and_left_behind(
    world: World,
) -> None:
    run, found = await played(
        world,
        made(WRITES, collect="${{ {'name': item, 'place': index} }}"),
        {"id": "count", "run": "ls made-*.txt", "capture": {"format": "lines"}},
        {"id": "ship", "ship": {"title": "Make ${{ steps.each.done }} of ${{ steps.each.count }}"}},
    )
    assert run.state == "succeeded", run.ended_why
    each = found["each"]
    assert (each["count"], each["done"], each["failed"]) == (3, 2, 1)
    assert each["items"] == [
        {"index": 0, "item": "one", "output": {"name": "one", "place": 0}},
        {"index": 2, "item": "three", "output": {"name": "three", "place": 2}},
    ]
    assert each["failures"] == [
        {"index": 1, "item": "two", "code": "command-failed", "why": "The command of `make` ended with 1."}
    ]
    assert found["count"]["output"] == ["made-one.txt", "made-three.txt"]
    (pull,) = world.town.github.world.pulls(world.town.repository)
    assert pull.title == "Make 2 of 3"
    async with world.services.store.read() as db:
        (letter,) = await dead_letters.unsettled(db)
        assert (letter.code, letter.parent_id, letter.part and letter.part.item) == ("command-failed", run.id, "two")
        assert await parts.counts(db, run.id) == {RunState.succeeded: 2, RunState.failed: 1}
        assert [one.id for one in await runs.recent(db, 10)] == [run.id]
        assert [one.id for one in await runs.of_subject(db, run.repo.id, run.subject.number)] == [run.id]
    assert len(world.replies(run.subject.number)) == 1, "the run speaks in its status alone, and no part speaks"


APPENDS = 'echo "$NAME" >> list.txt'
"""Every item adds a line at the same place."""


@pytest.mark.slow
async def test_two_changes_of_the_same_lines_are_put_together_by_an_agent_and_one_that_it_leaves_undone_is_left_out(
    world: World,
) -> None:
    run, found = await played(
        world, made(APPENDS), {"id": "show", "run": "cat list.txt", "capture": {"format": "lines"}}
    )
    assert run.state == "succeeded", run.ended_why
    assert found["show"]["output"] == ["one", "two"]
    (failure,) = found["each"]["failures"]
    assert (failure["index"], failure["code"]) == (2, "conflict-left")
    assert failure["why"] == "Conflict markers are left in list.txt."
    async with world.services.store.read() as db:
        assert [one.code for one in await dead_letters.unsettled(db)] == ["conflict-left"]


@pytest.mark.slow
async def test_a_change_that_is_green_alone_and_red_beside_the_others_stays_out(tmp_path: Path) -> None:
    few = {"run": "test $(ls made-*.txt | wc -l) -lt 3 # FAILED", "tests": []}
    source_ = source(tmp_path, checks={"few": few})
    async with quick_world(tmp_path, source=source_, policy=AT_ONCE, script=SCRIPT) as world:
        step = made('echo "$NAME" > "made-$NAME.txt"')
        step["foreach"]["steps"].append({"id": "few", "check": {"uses": "few"}})
        run, found = await played(world, step, {"id": "show", "run": "ls made-*", "capture": {"format": "lines"}})
    assert run.state == "succeeded", run.ended_why
    assert found["show"]["output"] == ["made-one.txt", "made-two.txt"]
    assert [(one["index"], one["code"]) for one in found["each"]["failures"]] == [(2, "red-together")]


@pytest.mark.slow
async def test_a_step_whose_every_item_failed_fails_and_so_does_one_with_more_failures_than_it_allows(
    world: World,
) -> None:
    run, _ = await played(world, made("false"))
    assert (run.state, run.ended_code) == ("failed", "items-failed")
    assert run.ended_why == "3 of 3 items failed."
    run, _ = await played(world, made(WRITES, max_failures=0))
    assert run.ended_why == "1 of 3 items failed, and 0 may."


@pytest.mark.slow
async def test_a_cancelled_run_takes_its_parts_down_with_it(world: World) -> None:
    step = made("true")
    step["foreach"]["steps"].append({"id": "rest", "wait": "2h"})
    run_id = await begin(world, yaml.safe_dump({"name": "own", "steps": [step]}, sort_keys=False))
    await world.settle()
    run, _ = await ended(world, run_id)
    assert run.waiting is not None
    assert run.waiting.why == "`each`: 0 of 3 items done, 0 failed, 3 at work."
    await world.approver.comment(run.subject.number, "/cancel")
    await world.settle()
    run, _ = await ended(world, run_id)
    assert run.state == "cancelled"
    async with world.services.store.read() as db:
        assert await parts.counts(db, run_id) == {RunState.cancelled: 3}
        (one, *_) = await parts.of_step(db, run_id, "each")
        assert one.ended_why == f"run {run_id}, which it is a part of, has ended"
        assert await dead_letters.unsettled(db) == []


@pytest.mark.slow
async def test_the_list_is_filtered_sorted_and_cut_once_whatever_happens_later(world: World) -> None:
    listed = {"id": "list", "run": "echo '[3, 1, 2, 9, 4]'", "capture": {"format": "json"}}
    each = {
        "in": "${{ steps.list.output }}",
        "where": "${{ item < 9 }}",
        "sort": "${{ item }}",
        "descending": True,
        "limit": 3,
        "max_parallel": 1,
        "collect": "${{ {'kind': 'odd' if item in [1, 3] else 'even', 'points': item} }}",
        "steps": [{"id": "look", "run": "echo $N", "env": {"N": "${{ item }}"}, "capture": {"format": "number"}}],
    }
    told = {
        "id": "told",
        "run": 'echo "$SUM $KINDS"',
        "env": {
            "SUM": "${{ steps.each.items | sum(attribute='output.points') }}",
            "KINDS": "${{ steps.each.items | groupby('output.kind') | map('first') | list }}",
        },
    }
    run, found = await played(world, listed, {"id": "each", "foreach": each}, told)
    assert run.state == "succeeded", run.ended_why
    assert [one["item"] for one in found["each"]["items"]] == [4, 3, 2]
    assert found["told"]["output"] == '9 ["even", "odd"]'


@pytest.mark.slow
async def test_the_items_of_a_list_share_the_budget_of_their_run_and_wait_until_it_is_raised(tmp_path: Path) -> None:
    turn = {"submit": {"title": "nothing", "kind": "chore", "summary": "Nothing."}}
    source_ = source(tmp_path, limits={"run_cost_usd": 0.0001})
    async with quick_world(tmp_path, source=source_, policy=AT_ONCE, script={"think": [turn]}) as world:
        think = {"id": "think", "agent": {"role": "writer", "task": "Think."}}
        each = {"in": [1, 2], "max_parallel": 1, "steps": [think]}
        run, found = await played(world, {"id": "each", "foreach": each})
        async with world.services.store.read() as db:
            spent = (await costs.of_run(db, run.id)).cost_usd
            waiting = [one.waiting_for for one in await _parts_of(db, run.id)]
        assert spent is not None
        assert spent > 0, "the parts are paid for by the run"
        assert (run.state, sorted(waiting, key=str)) == ("waiting", [None, "budget"])
        (asked,) = [said for said in world.replies() if "is waiting:" in said]
        assert asked.startswith(f"@rosa, run `{run.id}` is waiting: The run has spent $0.00")

        await world.approver.comment(run.subject.number, "/budget +1")
        await world.settle_in_time()
        run, found = await ended(world, run.id)
        assert run.state == "succeeded", run.ended_why
        assert (found["each"]["done"], found["each"]["failures"]) == (2, [])


async def _parts_of(db: AsyncConnection, parent: RunId) -> Sequence[Any]:
    query = sa.select(tables.runs.c.waiting_for).where(tables.runs.c.parent_id == parent).order_by(tables.runs.c.id)
    return (await db.execute(query)).all()


@pytest.mark.slow
async def test_a_run_with_a_list_replays_and_a_part_of_it_says_where_its_beginning_stands(world: World) -> None:
    run, _ = await played(world, made(WRITES), {"id": "count", "run": "ls", "capture": {"format": "lines"}})
    async with world.services.store.read() as db:
        whole = await record_of(db, world.services.artifacts, run.id)
        (part, *_) = await parts.of_step(db, run.id, "each")
        alone = await record_of(db, world.services.artifacts, part.id)
    found = await replay(whole)
    assert (found.difference, found.taken) == (None, ("each",))
    told = str((await replay(alone)).difference)
    assert told == f"It is a part of run {run.id}, whose record holds what it began with; replay that one."
