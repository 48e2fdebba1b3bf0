"""The operator limits how many runs are at work at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.doorbell import SilentDoorbell
from adapters.store import holds, runs
from jobs.engine import look

NOTE = """
name: note
steps:
  - {id: note, write: {path: notes.txt, content: "a note"}}
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    settings = {"PULLWRIGHT_MAX_RUNNING": "1"}
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}, settings=settings) as opened:
        yield opened


@pytest.mark.slow
async def test_whoever_frees_a_place_rings_for_the_run_whose_bell_was_heard_in_vain(world: World):
    async with world.services.store.begin() as db:
        await holds.hold(db, "", "", "until both are queued", world.services.clock.now())
    first, second = await begin(world, NOTE), await begin(world, NOTE)
    async with world.services.store.begin() as db:
        await holds.resume(db, "", "")
    assert isinstance(world.services.doorbell, SilentDoorbell)
    world.services.doorbell.run_rings.clear()
    draining = asyncio.Event()
    await asyncio.gather(look(world.services, first, draining), look(world.services, second, draining))
    assert [run_id for run_id, _ in world.services.doorbell.run_rings] == [second]
    async with world.services.store.read() as db:
        states = [(await runs.require(db, run_id)).state for run_id in (first, second)]
    assert states == ["succeeded", "queued"]
