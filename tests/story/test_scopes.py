"""Two runs of one repository whose changes touch the same paths do not ship at the same time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import runs
from core import faults
from core.names import RunId
from core.runs import Run

NOTES = """
name: {name}
steps:
  - {{id: note, write: {{path: "{path}", content: "{name}"}}}}
  - {{id: ship, ship: {{title: "note {name}"}}}}
  - {{id: ready, ready: {{request_review: requester}}}}
  - {{id: approved, gate: {{binds: change}}}}
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as opened:
        yield opened


async def noting(world: World, name: str, path: str = "notes.txt") -> RunId:
    run_id = await begin(world, NOTES.format(name=name, path=path))
    await world.settle()
    return run_id


async def run_of(world: World, run_id: RunId) -> Run:
    async with world.services.store.read() as db:
        return await runs.require(db, run_id)


async def test_the_second_run_waits_for_the_end_of_the_first_and_says_for_which(world: World):
    first, second = await noting(world, "one"), await noting(world, "two")
    shipped, waits = await run_of(world, first), await run_of(world, second)
    why = f"#{shipped.pull_number} of run `{first}` changes `notes.txt` too: this continues when that run is over."
    assert (waits.state, waits.pull_number) == ("waiting", None)
    assert waits.waiting is not None
    assert (waits.waiting.what, waits.waiting.why, waits.waiting.not_before) == ("paths", why, None)
    assert world.replies(waits.subject.number)[0].startswith(f"**✋ Waiting**: {why}")
    assert [one.facts["why"] for one in await world.journal() if one.name == "run.waiting"] == [why]

    await world.requester.comment(waits.subject.number, "/status")
    await world.requester.comment(shipped.subject.number, "/cancel")
    await world.settle()
    said = f"Run `{second}` of `two`: waiting for another run on the same files."
    assert world.replies(waits.subject.number)[1].startswith(said)
    assert (await run_of(world, first)).state == "cancelled"
    assert (await run_of(world, second)).pull_number is not None


@pytest.mark.slow
async def test_other_paths_are_shipped_beside(world: World):
    first, second = await noting(world, "one"), await noting(world, "two", "other.txt")
    assert (await run_of(world, first)).pull_number != (await run_of(world, second)).pull_number
    assert (await run_of(world, second)).pull_number is not None


@pytest.mark.slow
async def test_who_waits_can_be_cancelled_and_is_in_nobodys_way(world: World):
    first, second, third = [await noting(world, name) for name in ("one", "two", "three")]
    await world.requester.comment((await run_of(world, second)).subject.number, "/cancel")
    await world.settle()
    assert (await run_of(world, second)).state == "cancelled"
    await world.requester.comment((await run_of(world, first)).subject.number, "/cancel")
    await world.settle()
    assert (await run_of(world, third)).pull_number is not None


@pytest.mark.slow
async def test_workers_may_die_before_many_a_commit(world: World):
    first = await noting(world, "one")
    second = await begin(world, NOTES.format(name="two", path="notes.txt"))
    deaths = Deaths("store.before_commit", every=19)
    try:
        await survive(world)
        await world.requester.comment((await run_of(world, first)).subject.number, "/cancel")
        await survive(world)
    finally:
        faults.disarm()
    assert deaths.died > 1
    assert (await run_of(world, first)).state == "cancelled"
    assert (await run_of(world, second)).pull_number is not None
