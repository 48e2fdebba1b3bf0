"""A policy in the owner's `.github` repository: it counts where a repository has none, and is judged where it lies."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from story_sources import UNITTEST, shared_repository, source
from story_trust import plan_waits, quick_world
from story_world import World

from adapters.store import runs
from bot.demo.github.records import Repository

OWN = ".github/pullwright.yml"
OWNERS = "pullwright.yml"
ALWAYS = yaml.safe_dump({"policy": "team", "plan": {"wait": "always"}, "checks": {"tests": UNITTEST}})
TIGHTER = ALWAYS + "limits: {files: 3}\n"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path, {OWN: None})) as opened:
        await opened.settle()
        yield opened


async def read(world: World) -> list[tuple[str, str]]:
    """Where the run found its policies, and at which commits."""
    return [
        (entry.facts["source"], entry.facts["commit"]) for entry in await world.journal() if entry.name == "policy.read"
    ]


async def head(world: World, repository: Repository) -> str:
    return (await world.town.github.world.branches(repository))["main"]


async def test_a_repository_without_a_policy_has_its_owners_and_an_approval_holds_for_that_one_alone(
    world: World,
) -> None:
    shared = await shared_repository(world, {OWNERS: ALWAYS})
    first = await head(world, shared)
    issue = await plan_waits(world)
    old = await world.digest()
    found = "`acme/.github/pullwright.yml`, starting from `team`"
    assert await read(world) == [(found, first)]
    second = await world.approver.at(shared).push("main", {OWNERS: TIGHTER}, "fewer files")
    await world.approver.comment(issue, f"/approve {old}")
    await world.settle()
    assert (await world.run()).state == "waiting"
    assert await world.digest() != old
    assert await read(world) == [(found, first), (found, second)]
    own = await world.approver.push("main", {OWN: ALWAYS}, "a policy of our own")
    await world.approver.comment(issue, f"/approve {await world.digest()}")
    await world.settle()
    assert (await read(world))[2:] == [("`.github/pullwright.yml`, starting from `team`", own)]


@pytest.mark.slow
async def test_an_owners_policy_with_a_mistake_stops_its_repositories_and_is_told_once_per_commit(
    world: World,
) -> None:
    shared = await shared_repository(world, {OWNERS: "polisy: team\n"})
    issue = await world.ask()
    await world.settle()
    (said,) = world.replies(issue)
    assert said == (
        "Nothing runs here while the policy cannot be read.\n\n"
        "- acme/.github/pullwright.yml is not valid:\n"
        "- acme/.github/pullwright.yml:1:9: unknown key `polisy`; did you mean `policy`?\n\n"
        "Correct the lines named above on the default branch; `pullwright policy check FILE` reads it too."
    )
    await world.approver.at(shared).push("main", {OWNERS: "polizy: team\n"}, "mend")
    await world.requester.comment(issue, "/implement")
    await world.settle()
    assert "polizy" in world.replies(issue)[-1]
    async with world.services.store.read() as db:
        assert await runs.recent(db, 1) == []


@pytest.mark.slow
async def test_files_for_all_repositories_are_judged_on_the_commits_of_the_one_they_lie_in(world: World) -> None:
    shared = await shared_repository(world, {"README.md": "Ours."})
    pushed = {OWNERS: "merge: robot\n", "pullwright/workflows/greet.yml": "name: greet\nsteps: [{id: a, rnu: x}]\n"}
    broken = await world.approver.at(shared).push("topic", pushed, "for all")
    mended = await world.approver.at(shared).push("topic", {OWNERS: ALWAYS, **dict.fromkeys(list(pushed)[1:])}, "mend")
    other = await world.approver.push("topic", pushed, "these are nobody's here")
    await world.settle()
    github = world.town.github.world
    found = {check.head_sha: check for check in github.check_runs(shared) if check.name == "pullwright/config"}
    assert set(found) == {broken, mended}
    assert {(one["path"], one["start_line"]) for one in found[broken].annotations} == {
        (OWNERS, 1),
        ("pullwright/workflows/greet.yml", 2),
    }
    assert found[mended].output["summary"] == "1 file of Pullwright's can be read and used."
    assert [check for check in github.check_runs(world.town.repository) if check.head_sha == other] == []
