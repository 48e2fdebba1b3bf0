"""The operator holds work: nothing is begun, nothing is lost, and people who ask are told."""

import asyncio
import sqlite3
from datetime import datetime

import pytest
from story_world import World

from adapters.store import holds
from core import faults
from core.names import RunId
from jobs.engine import look

HELD = "The operator holds all work here: red tests"


async def hold(world: World) -> None:
    async with world.services.store.begin() as db:
        assert await holds.hold(db, "", "", "red tests", world.services.clock.now())


async def resume(world: World) -> None:
    async with world.services.store.begin() as db:
        assert await holds.resume(db, "", "")


async def test_while_work_is_held_people_are_told_once_and_it_begins_when_that_is_over(world: World):
    await hold(world)
    issue = await world.ask()
    await world.settle()
    run = await world.run()
    goes_on = (
        f"Run `{run.id}` continues by itself when the hold ends, and takes into account what was said here meanwhile."
    )
    assert (run.state, run.epoch) == ("queued", 0)
    assert world.replies() == [f"{HELD}\n\n{goes_on}"]

    await world.approver.comment(issue, "/status")
    await world.requester.comment(issue, "/cancel")
    await world.settle()
    assert world.replies()[1:] == [f"Run `{run.id}` of `implement`: queued.\n\n{HELD}"]
    assert (await world.run()).state == "queued"

    await resume(world)
    await world.settle()
    assert (await world.run()).state == "cancelled"


@pytest.mark.slow
async def test_a_run_that_is_at_work_is_given_back_before_its_next_effect(world: World):
    await world.ask()
    await world.settle()
    await world.approver.comment((await world.run()).subject.number, f"/approve {await world.digest()}")
    held: list[datetime] = []

    def strike() -> None:
        """The operator's command, from another process, right before the run pushes."""
        if not held:
            held.append(world.clock.now())
            write(world)

    faults.arm("step.before_outcome", strike)
    await world.settle()
    faults.disarm()
    run = await world.run()
    assert held
    assert (run.state, run.attempts, run.pull_number) == ("queued", 0, None)
    assert [entry.facts for entry in await world.journal() if entry.name == "run.held"] == [{"why": "red tests"}]
    assert world.comments()[0].body.startswith(f"**✋ Waiting**: {HELD}")
    epoch = run.epoch
    await look(world.services, RunId(run.id), asyncio.Event())
    assert (await world.run()).epoch == epoch

    await resume(world)
    await world.settle()
    assert (await world.run()).pull_number is not None


def write(world: World) -> None:
    """Hold everything, in a process of its own as far as the database can tell."""
    file = world.services.settings.data_dir / "pullwright.db"
    with sqlite3.connect(file) as db:
        db.execute("INSERT INTO holds (owner, name, reason, since) VALUES ('', '', 'red tests', 0)")
