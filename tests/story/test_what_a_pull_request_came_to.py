"""What is said of a pull request at the end: that nobody approved it where nobody did, and that there is none where the
step that ships was skipped."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

NOTE: dict[str, Any] = {"id": "note", "run": {"script": "echo hello > NOTE.md", "writes": True}}
SHIP: dict[str, Any] = {"id": "ship", "ship": {"title": "leave a note"}}
NEVER = "${{ steps.note.exit_code != 0 }}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as opened:
        yield opened


async def ended(world: World, *rows: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """How a run of these steps ended: its state, code and sentence."""
    await begin(world, yaml.safe_dump({"name": "own", "steps": list(rows)}, sort_keys=False))
    await world.settle_in_time()
    run = await world.run()
    return run.state, run.ended_code, run.ended_why


async def test_a_pull_request_that_no_gate_looked_at_is_not_called_approved(world: World) -> None:
    assert await ended(world, NOTE, SHIP) == ("succeeded", None, "#2 is open, and waits for people")


@pytest.mark.slow
async def test_nor_is_one_whose_gate_was_skipped(world: World) -> None:
    gate = {"id": "approved", "gate": {"binds": "change"}, "when": NEVER}
    assert await ended(world, NOTE, SHIP, gate) == ("succeeded", None, "#2 is open, and waits for people")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"ready": {"request_review": "requester"}}, "There is no pull request to make ready"),
        ({"gate": {"binds": "change"}}, "There is no change to approve"),
        ({"merge": {"method": "squash"}}, "There is no pull request to merge"),
        ({"wait": {"checks": "green"}}, "There is no commit with checks to wait for"),
    ],
)
async def test_a_step_that_needs_what_a_skipped_step_ships_says_so_at_once(
    world: World, row: dict[str, Any], why: str
) -> None:
    skipped = {**SHIP, "when": NEVER}
    assert await ended(world, NOTE, skipped, {"id": "then", **row}) == (
        "failed",
        "change-refused",
        f"{why}: the step that ships was skipped.",
    )


@pytest.mark.slow
async def test_with_the_same_condition_it_is_skipped_too_and_the_run_ends_well(world: World) -> None:
    rows = [{"id": "ready", "ready": {}, "when": NEVER}, {"id": "approved", "gate": {"binds": "change"}, "when": NEVER}]
    assert await ended(world, NOTE, {**SHIP, "when": NEVER}, *rows) == ("succeeded", None, "every step is done")
