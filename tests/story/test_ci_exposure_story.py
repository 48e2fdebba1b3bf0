"""The repository's own CI: quiet until people have approved exactly what it would run, and awaited before a merge."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import NEW, PATH, posted, quick_world
from story_world import World

from bot.demo.github import git
from bot.demo.github.people import OtherApp
from core import faults
from jobs import workflows

EXPOSED = """name: tests
on: [push, pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: make test
        env: {KEY: "${{ secrets.DEPLOY_KEY }}"}
"""
HARMLESS = EXPOSED.replace('        env: {KEY: "${{ secrets.DEPLOY_KEY }}"}\n', "")
TARGET = """on: pull_request_target
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - run: make test
"""
POINTS = ("effect.after_act", "push.before", "push.after", "release.after_push")
"""Where a worker may die between the approval and the merge; only the release pushes then."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@asynccontextmanager
async def with_ci(folder: Path, text: str = EXPOSED, **policy: Any) -> AsyncIterator[World]:
    """A repository with this workflow, whose plans wait for nobody and whose changes the bot merges."""
    files: Mapping[str, str | None] = {".github/workflows/tests.yml": text}
    async with quick_world(folder, source=source(folder, files, **policy), policy=AT_ONCE) as world:
        yield world


@dataclass
class Ci:
    """GitHub Actions, as far as a marker goes: every head of the branch is tested that does not say `[skip ci]`."""

    world: World
    ran: dict[str, str] = field(default_factory=dict)
    """What was tested, with its message."""

    async def works(self, conclusion: str = "success") -> None:
        app = OtherApp(self.world.town.github.world, "acme-ci", self.world.town.repository)
        head = self.world.pull.head_sha
        message = await self.message(head)
        if "[skip ci]" not in message and head not in self.ran:
            self.ran[head] = message
            await app.check(head, "build", conclusion)

    async def message(self, commit: str) -> str:
        return await git.text(self.world.town.repository.path, "log", "-1", "--format=%B", commit)


def body(world: World) -> str:
    (issue,) = world.town.github.world.pulls(world.town.repository)
    return issue.body


def of_commit(world: World, sha: str) -> dict[str, str | None]:
    """What the checks of this commit came to, by name."""
    found = world.town.github.world.check_runs(world.town.repository)
    return {check.name: check.conclusion for check in found if check.head_sha == sha}


async def until_the_change_waits(world: World) -> int:
    """An issue whose change is pushed and waits for ada; its number."""
    issue = await world.ask()
    await survive(world)
    run = await world.run()
    assert (run.state, run.waiting and run.waiting.what) == ("waiting", "approval"), run.ended_why
    return issue


async def merged_after(world: World, ci: Ci) -> None:
    """Let everything happen to the end, CI too."""
    for _ in range(4):
        await survive(world)
        await ci.works()
        world.clock.leap(61)
    await survive(world)


async def test_what_ci_would_expose_waits_for_an_approval_and_ci_is_awaited_before_the_merge(tmp_path: Path) -> None:
    async with with_ci(tmp_path) as world:
        issue, ci = await until_the_change_waits(world), Ci(world)
        plan = posted(world, issue, "### Plan").body
        assert (
            "**What CI would expose**: In `.github/workflows/tests.yml` job `test` is given secrets (`DEPLOY_KEY`). "
            "The branch is pushed with `[skip ci]`, and CI runs once the change is approved."
        ) in plan
        held = world.pull.head_sha
        lines = (await ci.message(held)).split("\n")
        assert lines[0] == "join words with single hyphens"
        assert lines[1:4] == ["", "[skip ci] until people have approved the change.", ""]
        assert "**CI is held back** until exactly this change is approved." in body(world)
        await ci.works()
        assert ci.ran == {}
        digest = await world.digest()
        await world.approver.comment(world.pull_number, f"/approve {digest}")
        await survive(world)
        final = world.pull.head_sha
        run = await world.run()
        assert final != held
        assert (run.state, run.waiting and run.waiting.what) == ("waiting", "checks"), run.ended_why
        path = world.town.repository.path
        assert await git.text(path, "rev-parse", f"{final}^{{tree}}", f"{final}^") == await git.text(
            path, "rev-parse", f"{held}^{{tree}}", f"{held}^"
        )
        assert of_commit(world, final) == {
            f"pullwright/{name}": "success" for name in ("tests", "policy", "review", "approval")
        }
        await merged_after(world, ci)
        assert (await world.run()).state == "succeeded"
        (tested,) = ci.ran.values()
        assert tested.replace("\n\n", "\n").split("\n")[0] == lines[0]
        assert "skip ci" not in tested
        (merge,) = world.town.github.world.merges(world.town.repository)
        assert "skip ci" not in await ci.message("refs/heads/main"), merge


@pytest.mark.slow
async def test_ci_that_exposes_nothing_starts_at_once_and_is_awaited_all_the_same(tmp_path: Path) -> None:
    async with with_ci(tmp_path, HARMLESS) as world:
        issue, ci = await until_the_change_waits(world), Ci(world)
        assert "**What CI would expose**: Nothing that is known." in posted(world, issue, "### Plan").body
        await ci.works()
        assert list(ci.ran) == [world.pull.head_sha]
        await world.approver.approve(world.pull_number)
        await merged_after(world, ci)
        assert (await world.run()).state == "succeeded"
        assert len(ci.ran) == 1


@pytest.mark.slow
async def test_red_ci_on_the_approved_commit_keeps_the_bot_from_merging(tmp_path: Path) -> None:
    """Where the workflow names no step to go back to."""
    builtin = Path(workflows.__file__).parent / "implement.yml"
    own = builtin.read_text().replace(", revise: change}", "}")
    files: Mapping[str, str | None] = {
        ".github/workflows/tests.yml": EXPOSED,
        ".github/pullwright/workflows/implement.yml": own,
    }
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE) as world:
        await until_the_change_waits(world)
        ci = Ci(world)
        await world.approver.approve(world.pull_number)  # a review of the commit that was there then
        await survive(world)
        await ci.works("failure")
        world.clock.leap(61)
        await survive(world)
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "checks-red")
        assert world.pull.merged_at is None
        assert of_commit(world, world.pull.head_sha)["pullwright/approval"] == "failure"


@pytest.mark.slow
@pytest.mark.parametrize(("key", "held"), [("hold", True), ("run", False)])
async def test_the_policy_decides_where_it_says_so(tmp_path: Path, key: str, held: bool) -> None:
    operator = {**AT_ONCE, "ci": "run"}
    files: Mapping[str, str | None] = {".github/workflows/tests.yml": EXPOSED}
    async with quick_world(tmp_path, source=source(tmp_path, files, ci=key), policy=operator) as world:
        await until_the_change_waits(world)
        assert ("[skip ci]" in await Ci(world).message(world.pull.head_sha)) == held


@pytest.mark.slow
async def test_what_the_marker_does_not_stop_is_approved_on_the_issue_before_anything_is_pushed(tmp_path: Path) -> None:
    async with with_ci(tmp_path, TARGET) as world:
        issue, ci = await until_the_change_waits(world), Ci(world)
        assert set(await world.town.github.world.branches(world.town.repository)) == {"main"}
        assert world.town.github.world.pulls(world.town.repository) == []
        shown = posted(world, issue, "### Change").body
        assert f"+    {NEW}" in shown
        assert "Pushing it, or opening its pull request, would start what `[skip ci]` does not stop." in shown
        await world.requester.comment(issue, f"/approve {await world.digest()}")
        await survive(world)
        assert world.replies(issue)[-1].startswith("Not done: @rosa asked for this run")
        assert world.town.github.world.pulls(world.town.repository) == []
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await survive(world)
        assert "[skip ci]" not in await ci.message(world.pull.head_sha)
        await merged_after(world, ci)
        assert (await world.run()).state == "succeeded"
        assert [name for name in world.replies(world.pull_number) if "needs your approval" in name] == []


@pytest.mark.slow
async def test_a_push_by_somebody_else_while_ci_is_held_is_never_replaced(tmp_path: Path) -> None:
    async with with_ci(tmp_path) as world:
        await until_the_change_waits(world)
        branch, digest = world.pull.head_ref, await world.digest()
        await world.approver.push(branch, {PATH: "x = 1\n"}, "mine")
        mine = world.pull.head_sha
        await world.approver.comment(world.pull_number, f"/approve {digest}")
        await survive(world)
        assert "write over nobody's commits" in world.replies(world.pull_number)[-1]
        assert world.pull.head_sha == mine


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_a_worker_that_dies_between_approval_and_merge_changes_nothing(tmp_path: Path, point: str) -> None:
    async with with_ci(tmp_path) as world:
        await until_the_change_waits(world)
        ci = Ci(world)
        digest = await world.digest()
        await world.approver.comment(world.pull_number, f"/approve {digest}")
        deaths = Deaths(point, 4)  # five on end without getting on, and a run is given up
        await merged_after(world, ci)
        await merged_after(world, ci)
        assert deaths.died > 0, f"{point} was never passed"
        run = await world.run()
        assert run.state == "succeeded", run.ended_why
        assert len(ci.ran) == 1
        assert len(world.town.github.world.merges(world.town.repository)) == 1
        done = [event.facts for event in await world.journal() if event.name == "effect.done"]
        pushes = [str(facts["effect"]) for facts in done if facts["kind"] == "push"]
        assert [name.partition(":")[0] for name in pushes] == ["push", "release"]
