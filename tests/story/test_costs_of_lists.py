"""What an item of a list costs does not grow with the list, also where every look begins on an empty disk."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import artifacts, events, parts, runs, steps
from core.names import RunId
from core.states import TERMINAL
from jobs import engine

pytestmark = pytest.mark.slow

ITEMS = 16


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as opened:
        yield opened


def lines(at_once: int = 4, name: str = "item $N") -> str:
    """Each item writes its own line of a file that all share."""
    script = f'sed -i "$((N * 3 + 1))s/.*/{name}/" shared.txt'
    step = {"id": "make", "run": {"script": script, "writes": True}, "env": {"N": "${{ item }}"}}
    each = {"in": list(range(ITEMS)), "max_parallel": at_once, "collect": "${{ item }}", "steps": [step]}
    first = {"id": "lines", "run": {"script": f"seq {ITEMS * 3} > shared.txt", "writes": True}}
    return yaml.safe_dump({"name": "many", "steps": [first, {"id": "each", "foreach": each}]}, sort_keys=False)


async def gone_through(world: World, run_id: RunId, *, wipe: bool = False) -> str:
    """The tree at the end of the list; with `wipe` every look finds a disk without clones."""
    while True:
        async with world.services.store.begin() as db:
            run, now = await runs.require(db, run_id), world.services.clock.now()
            due = await runs.due(db, now, 1)
            for one in due:
                await runs.wake(db, one, now)
        if run.state in TERMINAL:
            break
        if wipe:
            shutil.rmtree(world.services.settings.data_dir / "workspaces", ignore_errors=True)
        await engine.look(world.services, due[0], asyncio.Event())
    assert run.state == "succeeded", run.ended_why
    async with world.services.store.read() as db:
        memo = await steps.get(db, run_id, "each")
    assert memo is not None
    assert [one["output"] for one in memo.output["items"]] == list(range(ITEMS))
    return str(memo.output["tree"])


async def test_a_list_is_the_same_where_the_disk_is_wiped_before_every_look(world: World) -> None:
    undisturbed = await gone_through(world, await begin(world, lines()))
    assert await gone_through(world, await begin(world, lines()), wipe=True) == undisturbed


async def test_the_tenth_item_costs_what_the_last_one_costs_and_an_item_asks_github_for_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: Counter[str] = Counter()
    run_program = asyncio.create_subprocess_exec

    async def counted(program: str, *arguments: Any, **more: Any) -> Any:
        ran[structlog.contextvars.get_contextvars().get("run", "")] += 1
        return await run_program(program, *arguments, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    run_id = await begin(world, lines(at_once=1))
    spent: list[int] = []
    asked: list[int] = []
    github = world.town.github.world
    while (await state(world, run_id)) not in TERMINAL:
        before = ran[run_id], await came_back(world, run_id)
        async with world.services.store.begin() as db:
            (due,) = await runs.due(db, world.services.clock.now(), 1)
            await runs.wake(db, due, world.services.clock.now())
        seen = len(github.requests)
        await engine.look(world.services, due, asyncio.Event())
        if await came_back(world, run_id) > before[1]:
            spent.append(ran[run_id] - before[0])
        elif spent:
            asked.append(len(github.requests) - seen)
    assert len(spent) == ITEMS
    # The first change is taken as it is, and after the last one the clone is removed.
    assert len(set(spent[1:-1])) == 1, f"programs that the run itself started for each item: {spent}"
    assert set(asked) == {0}
    async with world.services.store.read() as db:
        kept = [one for one in await artifacts.of_run(db, run_id) if one.name.startswith("workspace/")]
        found = await parts.of_step(db, run_id, "each")
        read = [e for one in found for e in await events.of_run(db, one.id) if e.name == "policy.read"]
    assert len(kept) <= 6, "packs that another machine needs"
    assert read == [], "where no expression names the policy, no item looks at it"


async def state(world: World, run_id: RunId) -> str:
    async with world.services.store.read() as db:
        return (await runs.require(db, run_id)).state


async def came_back(world: World, run_id: RunId) -> int:
    async with world.services.store.read() as db:
        return len(await steps.below(db, run_id, "each/settled:"))
