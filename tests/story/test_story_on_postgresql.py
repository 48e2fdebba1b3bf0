"""The same story with PostgreSQL behind it, on one machine and on two."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from story_trust import quick_world
from story_world import World, open_world

from core import faults


class Died(BaseException):
    """The first machine is gone: nothing of ours may catch this."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


def _dies_at(point: str, passing: int) -> None:
    """Let whoever works die when it passes the point for this time, counted from one."""
    passed = 0

    def strike() -> None:
        nonlocal passed
        passed += 1
        if passed == passing:
            raise Died

    faults.arm(point, strike)


def _asked(world: World, step: str) -> int:
    assert world.town.model is not None
    return [purpose.partition("/")[2] for purpose in world.town.model.requests].count(step)


def _used(machine: Path) -> set[str]:
    return {folder.name for folder in machine.iterdir()} if machine.exists() else set()


async def test_a_labelled_issue_becomes_a_merged_pull_request_on_postgresql(tmp_path: Path, postgresql_url: str):
    async with open_world(tmp_path, settings={"PULLWRIGHT_DATABASE_URL": postgresql_url}) as world:
        issue = await world.ask()
        await world.settle()
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.settle()
        assert (await world.run()).state == "waiting", (await world.run()).ended_why
        await world.approver.approve(world.pull_number)
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_why) == ("succeeded", f"#{world.pull_number} is merged")
        assert set(world.checks().values()) == {"success"}
        assert not list(tmp_path.rglob("*.db")), "nothing is kept in SQLite beside it"


@pytest.mark.slow
async def test_a_second_machine_finishes_what_the_first_one_died_of(tmp_path: Path, postgresql_url: str):
    """They share the database and the artifacts, and no disk."""
    first, second, shared = (tmp_path / name for name in ("first", "second", "shared"))
    settings = {"PULLWRIGHT_DATABASE_URL": postgresql_url, "PULLWRIGHT_ARTIFACTS_URL": shared.as_uri()}
    async with quick_world(tmp_path, settings=settings | {"PULLWRIGHT_DATA_DIR": str(first)}) as world:
        issue = await world.ask()
        await world.settle()
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        _dies_at("agent.after_checkpoint", 1)
        with pytest.raises(Died):
            await world.settle()
        faults.disarm()
        assert _asked(world, "change") == 1

        first.rename(tmp_path / "lost")
        await world.another_worker(environ={"PULLWRIGHT_DATA_DIR": str(second)})
        await world.settle()
        assert (await world.run()).state == "running", "the lease of the dead one is respected"
        world.clock.leap(61)
        await world.settle()
        await world.approver.approve(world.pull_number)
        await world.settle()
        run = await world.run()
        assert run.state == "succeeded", run.ended_why
        assert _asked(world, "change") == 2, "the turn of the first machine was not asked for again"
        assert "workspaces" in _used(second)
        assert _used(first) == set()
