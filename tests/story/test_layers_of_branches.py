"""Dependencies that one branch's setup left are shown to no run of another: not everybody may push to each."""

from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin

from adapters.store import runs
from jobs.dependencies import layer_of

WORKFLOW = "name: own\nsteps: [{id: a, run: 'true'}]\n"
SETUP = ["echo brought > /deps/brought"]


@pytest.mark.slow
async def test_a_branch_has_a_layer_of_its_own_which_its_later_runs_find_again(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as world:
        run_id = await begin(world, WORKFLOW)
        await world.settle()
        async with world.services.store.read() as db:
            run = await runs.require(db, run_id)
        made: list[str] = []

        async def journal(name: str, _: object) -> None:
            made.append(name)

        workspace = await world.services.workspaces.open(run.id, run.repo, run.base_sha)
        layers = [
            await layer_of(world.services, one, workspace, SETUP, {"lock": "same"}, journal)
            for one in (run, run.model_copy(update={"base_ref": "somebodys"}), run)
        ]
    assert layers[0] == layers[2] != layers[1]
    assert made == ["setup.done", "setup.done"]
