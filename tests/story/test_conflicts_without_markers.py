"""Two items that change the same file where git can put no markers: somebody decides, or the second one is left out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import dead_letters, steps

DONE = {"title": "put together", "kind": "chore", "summary": "Both."}
DELETES = "rm old.txt"
SCRIPT: dict[str, Any] = {
    # One item changes what the other one deletes: the agent does nothing, deletes it, or says that it is right so.
    "nothing/merge:0:1": [{"submit": DONE}],
    "deletes/merge:0:1": [{"run": DELETES}, {"submit": DONE}],
    "keeps/merge:0:1": [{"submit": {**DONE, "kept": ["old.txt"]}}],
    "binary/merge:0:1": [{"submit": DONE}],
    "added/merge:0:1": [{"submit": DONE}],
    "mode/merge:0:1": [{"submit": {**DONE, "kept": ["another.txt"]}}],
}
DELETED = ("echo changed >> old.txt", DELETES)
BINARY = ("printf 'a\\0b' > picture.bin", "printf 'c\\0d' > picture.bin")
ADDED = ("printf 'a\\0b' > new.bin", "printf 'c\\0d' > new.bin")
LINKED = ("ln -s one.txt link", "ln -s two.txt link")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    files = {"old.txt": "old\n", "picture.bin": "x\0y"}
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script=SCRIPT) as opened:
        yield opened


async def played(world: World, name: str, commands: tuple[str, str]) -> tuple[list[tuple[str, str]], set[str]]:
    """What of the two items failed and why, and the files at the end."""
    make = {"id": "make", "run": {"script": 'sh -c "$WHAT"', "writes": True}, "env": {"WHAT": "${{ item }}"}}
    rows = [
        {"id": name, "foreach": {"in": list(commands), "steps": [make]}},
        {"id": "show", "run": "ls", "capture": {"format": "lines"}},
    ]
    run_id = await begin(world, yaml.safe_dump({"name": "own", "steps": rows}, sort_keys=False))
    await world.settle_in_time()
    async with world.services.store.read() as db:
        each, show = await steps.get(db, run_id, name), await steps.get(db, run_id, "show")
        letters = [one.code for one in await dead_letters.unsettled(db) if one.parent_id == run_id]
    assert each is not None
    assert show is not None
    failures = [(one["code"], one["why"]) for one in each.output["failures"]]
    assert letters == [code for code, _ in failures]
    return failures, set(show.output["output"])


@pytest.mark.slow
async def test_an_agent_that_does_nothing_has_decided_nothing(world: World) -> None:
    for name, commands, path in (
        ("nothing", DELETED, "old.txt"),
        ("binary", BINARY, "picture.bin"),
        ("added", ADDED, "new.bin"),
        ("mode", LINKED, "link"),
    ):
        failures, _ = await played(world, name, commands)
        why = f"Nothing was decided about {path}, where both sides changed it otherwise."
        assert failures == [("conflict-left", why)], name


@pytest.mark.slow
async def test_what_the_agent_did_or_said_is_a_decision(world: World) -> None:
    failures, files = await played(world, "deletes", DELETED)
    assert failures == []
    assert "old.txt" not in files
    failures, files = await played(world, "keeps", DELETED)
    assert failures == []
    assert "old.txt" in files
