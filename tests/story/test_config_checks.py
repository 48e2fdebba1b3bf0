"""A push that changes our own files gets a check on its commit: valid, or every mistake at its place."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World

from bot.demo.github import git
from bot.demo.github.acts import refs
from bot.demo.github.records import CheckRun

POLICY = ".github/pullwright.yml"
FOLDER = ".github/pullwright/workflows"
GOOD = "name: greet\non: {command: greet}\nsteps:\n  - {id: say, github: {comment: Hello.}}\n"
BROKEN = (
    "name: greet\non: {command: greet}\nsteps:\n  - {id: say, gihtub: {comment: Hello.}}\n  - {id: wait, wait: never}\n"
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as opened:
        await opened.settle()
        yield opened


def checks(world: World, sha: str) -> list[CheckRun]:
    """The configuration's checks on a commit."""
    found = world.town.github.world.check_runs(world.town.repository)
    return [check for check in found if check.head_sha == sha and check.name == "pullwright/config"]


async def test_a_workflow_with_mistakes_is_red_with_each_at_its_place_and_green_when_they_are_mended(
    world: World,
) -> None:
    broken = await world.approver.push("greeting", {f"{FOLDER}/greet.yml": BROKEN}, "greet people")
    await world.settle()
    (check,) = checks(world, broken)
    assert (check.conclusion, check.output["title"]) == ("failure", "2 mistakes in 1 file")
    assert [(one["path"], one["start_line"], one["start_column"]) for one in check.annotations] == [
        (f"{FOLDER}/greet.yml", 4, 23),
        (f"{FOLDER}/greet.yml", 5, 22),
    ]
    assert "did you mean `github`?" in check.annotations[0]["message"]
    mended = await world.approver.push("greeting", {f"{FOLDER}/greet.yml": GOOD}, "say it rightly")
    await world.settle()
    (check,) = checks(world, mended)
    assert (check.conclusion, check.output["title"]) == ("success", "The configuration is valid")
    assert check.external_id == f"config:{world.town.repository.id}:{mended}"
    other = await world.approver.push("greeting", {"README.md": "Hello."}, "say more")
    await world.settle()
    assert checks(world, other) == []


@pytest.mark.slow
async def test_a_broken_policy_on_the_default_branch_is_red_on_its_commit(world: World) -> None:
    sha = await world.approver.push("main", {POLICY: "version: 1\nplan: {wiat: never}\nmerge: robot\n"}, "policy")
    await world.settle()
    (check,) = checks(world, sha)
    assert check.conclusion == "failure"
    assert {(one["start_line"], one["path"]) for one in check.annotations} == {(2, POLICY), (3, POLICY)}
    assert "On the default branch a policy with a mistake stops everything here" in check.output["summary"]


@pytest.mark.slow
async def test_a_policy_that_loosens_the_operators_is_red(world: World) -> None:
    sha = await world.approver.push("loose", {POLICY: "version: 1\nrequesters: read\n"}, "less")
    await world.settle()
    (check,) = checks(world, sha)
    (one,) = check.annotations
    assert (one["start_line"], one["start_column"]) == (2, 13)
    assert one["message"] == "`requesters: read` is looser than the operator's `triage`"


@pytest.mark.slow
async def test_files_that_are_deleted_or_renamed_are_judged_as_what_is_left(world: World) -> None:
    await world.approver.push("main", {f"{FOLDER}/greet.yml": BROKEN}, "greet people")
    renamed = await world.approver.push(
        "main", {f"{FOLDER}/greet.yml": None, f"{FOLDER}/hail.yml": GOOD}, "hail people"
    )
    gone = await world.approver.push("main", {f"{FOLDER}/hail.yml": None, POLICY: None}, "no more")
    await world.settle()
    (check,) = checks(world, renamed)
    assert [one["path"] for one in check.annotations] == [f"{FOLDER}/hail.yml"]
    assert "a workflow is called like its file: `hail`" in check.annotations[0]["message"]
    (check,) = checks(world, gone)
    assert (check.conclusion, check.output["summary"]) == (
        "success",
        "No file of Pullwright's is left here: the operator's policy or the built-in one counts.",
    )


@pytest.mark.slow
async def test_a_branch_that_only_begins_or_ends_gets_no_check(world: World) -> None:
    github, repository = world.town.github.world, world.town.repository
    await world.approver.push("short", {"README.md": "x"}, "short")
    async with refs.moving(github, world.approver.actor, repository):
        main = await git.resolve(repository.path, "refs/heads/main")
        assert main is not None
        await git.update_ref(repository.path, "refs/heads/same", main, git.NOBODY)
        await git.delete_ref(repository.path, "refs/heads/short")
    await world.settle()
    assert github.check_runs(repository) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 10_000_000, "the file is larger than 256 KiB"),
        ("a: &a [x]\nb: [*a, *a]\n", "aliases (`*name`) are not allowed"),
        ("{" * 5_000, ""),
        (b"a: \xff", ""),
    ],
    ids=["large", "bomb", "deep", "bytes"],
)
async def test_a_hostile_file_is_one_red_check(world: World, text: str | bytes, message: str) -> None:
    sha = await world.approver.push("bad", {f"{FOLDER}/bad.yml": text, POLICY: text}, "bad")
    await world.settle()
    (check,) = checks(world, sha)
    assert check.conclusion == "failure"
    assert {one["path"] for one in check.annotations} == {f"{FOLDER}/bad.yml", POLICY}
    assert any(message in one["message"] for one in check.annotations)


@pytest.mark.slow
async def test_more_mistakes_than_a_request_takes_are_all_shown(world: World) -> None:
    rows = "".join(f"  - {{id: s{n}, rnu: x}}\n" for n in range(140))
    sha = await world.approver.push("many", {f"{FOLDER}/many.yml": f"name: many\nsteps:\n{rows}"}, "many")
    await world.settle()
    (check,) = checks(world, sha)
    assert len(check.annotations) == 140
    assert len({(one["start_line"], one["message"]) for one in check.annotations}) == 140


@pytest.mark.slow
async def test_more_files_than_are_read_are_told(world: World) -> None:
    steps = "steps:\n  - {id: a, run: x}\n"
    files = {f"{FOLDER}/w{n:03}.yml": f"name: w{n:03}\n{steps}" for n in range(52)}
    sha = await world.approver.push("flood", files, "flood")
    await world.settle()
    (check,) = checks(world, sha)
    assert {one["message"] for one in check.annotations} == {"only the first 50 workflow files are read"}
