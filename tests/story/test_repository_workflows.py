"""A repository's own workflows: read at the commit of the default branch that a run begins at, and no oftener."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World

from adapters.store import steps
from core.workflow.catalogue import FOLDER
from jobs import sources

GREET = """
name: greet
on: {command: greet, label: "pullwright:greet"}
inputs: {whom: {type: string, default: world}}
steps:
  - {id: hello, run: 'echo "hello $WHOM"', env: {WHOM: "${{ inputs.whom }}"}}
"""
PATH = f"{FOLDER}/greet.yml"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    copy = source(tmp_path, {PATH: GREET, f"{FOLDER}/README.md": "no workflow", f"{FOLDER}/old/greet.yml": "deeper: ["})
    async with quick_world(tmp_path, source=copy, policy=AT_ONCE) as opened:
        yield opened


async def issue(world: World) -> int:
    return (await world.requester.open_issue("Say hello", "Please.")).number


async def push(world: World, files: dict[str, str | None]) -> None:
    await world.requester.push("main", files, "change the workflows")


def read(world: World) -> list[str]:
    """What was asked of GitHub about the workflow files, without where they lie."""
    asked = world.town.github.world.requests_of("GET", f"/contents/{FOLDER}")
    return [one.path.rpartition(FOLDER)[2] for one in asked]


async def test_a_command_of_the_repositorys_own_workflow_starts_it_with_its_inputs(world: World) -> None:
    number = await issue(world)
    await world.requester.comment(number, "/greet whom=ada")
    await world.settle()
    run = await world.run()
    assert (run.workflow, run.state, dict(run.inputs)) == ("greet", "succeeded", {"whom": "ada"})
    assert run.workflow_text == GREET
    async with world.services.store.read() as db:
        (hello,) = [step for step in await steps.all_(db, run.id) if step.key == "hello"]
    assert hello.output["output"] == "hello ada"


async def test_a_label_starts_it_and_retry_starts_it_again(world: World) -> None:
    number = await issue(world)
    await world.requester.label(number, "pullwright:greet")
    await world.settle()
    first = await world.run()
    await world.requester.comment(number, "/retry")
    await world.settle()
    again = await world.run()
    assert (again.workflow, again.retry_of, again.state) == ("greet", first.id, "succeeded")


async def test_a_run_is_of_the_files_at_the_commit_that_it_began_at(world: World) -> None:
    number = await issue(world)
    await push(world, {PATH: GREET.replace("hello $WHOM", "good morning $WHOM")})
    await world.requester.comment(number, "/greet")
    await world.settle()
    run = await world.run()
    assert run.base_sha == (await world.town.github.world.branches(world.town.repository))["main"]
    assert "good morning" in run.workflow_text


async def test_whoever_starts_a_broken_workflow_is_told_and_nothing_starts_until_it_is_mended(world: World) -> None:
    number = await issue(world)
    await push(world, {PATH: GREET.replace("run:", "rum:")})
    await world.requester.comment(number, "/greet")
    await world.settle()
    (told,) = world.replies(number)
    assert told.startswith(f"Nothing was started: `{PATH}` has 1 mistake on the default branch.")
    assert f"{PATH}:6:22: unknown key `rum`; did you mean `run`?" in told
    await push(world, {PATH: GREET})
    await world.requester.comment(number, "/greet")
    await world.settle()
    assert (await world.run()).state == "succeeded"


async def test_while_the_default_branch_stands_still_its_files_are_read_once_by_however_many_processes(
    world: World,
) -> None:
    number = await issue(world)
    await world.requester.comment(number, "/greet")
    await world.settle()
    assert read(world) == ["", "/greet.yml"]
    await world.another_worker()
    await world.requester.comment(number, "/status")
    await world.settle()
    assert read(world) == ["", "/greet.yml"]


async def test_of_a_new_commit_only_what_changed_is_read(world: World) -> None:
    number = await issue(world)
    await world.requester.comment(number, "/status")
    await world.settle()
    known = len(read(world))
    await push(world, {f"{FOLDER}/other.yml": GREET.replace("greet", "other")})
    await world.requester.comment(number, "/other")
    await world.settle()
    assert set(read(world)[known:]) == {"", "/other.yml"}, "for its check, and for what may be started"
    assert (await world.run()).workflow == "other"


async def test_a_repository_without_workflows_is_asked_once_for_each_commit(world: World) -> None:
    await push(world, {PATH: None, f"{FOLDER}/README.md": None, f"{FOLDER}/old/greet.yml": None})
    number = await issue(world)
    await world.requester.comment(number, "/status")
    await world.settle()
    known = read(world)
    assert set(known) == {""}
    await world.requester.comment(number, "/status")
    await world.settle()
    assert read(world) == known


async def test_what_was_kept_is_read_anew_where_it_cannot_be_understood(world: World) -> None:
    number = await issue(world)
    await world.requester.comment(number, "/greet")
    await world.settle()
    (kept,) = (world.services.settings.data_dir / "sources").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    await world.requester.comment(number, "/greet")
    await world.settle()
    assert read(world) == ["", "/greet.yml"] * 2
    assert (await world.run()).state == "succeeded"


async def test_files_beyond_the_bounds_are_not_read_and_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 3)
    await push(
        world,
        {
            f"{FOLDER}/a.yml": "# " + "x" * 256 * 1024,
            f"{FOLDER}/b.yml": GREET.replace("greet", "b"),
            f"{FOLDER}/z.yml": GREET.replace("greet", "z"),
        },
    )
    number = await issue(world)
    await world.requester.comment(number, "/b")
    await world.requester.comment(number, "/a")
    await world.requester.comment(number, "/z")
    await world.settle()
    assert set(read(world)) == {"", "/b.yml", "/greet.yml"}
    assert (await world.run()).workflow == "b"
    told = "\n".join(world.replies(number))
    assert f"{FOLDER}/a.yml:1:1: the file is larger than 256 KiB" in told
    assert f"{FOLDER}/z.yml:1:1: only the first 3 workflow files are read" in told
