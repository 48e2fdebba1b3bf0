"""Signed commits: where rules take no others, GitHub makes and signs what the bot ships, content for content."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import change_waits, quick_world
from story_world import World

from bot.demo.github import git
from bot.demo.github.records import Protection
from core import faults
from jobs import workflows

BUILT_IN = (Path(workflows.__file__).parent / "implement.yml").read_text()
MERGES: Mapping[str, str | None] = {
    ".github/pullwright/workflows/implement.yml": BUILT_IN.replace("method: squash", "method: merge")
}
"""A workflow that merges the bot's commit as it is, so that its own signature counts."""
EXPOSED = """name: tests
on: [push, pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
        env: {KEY: "${{ secrets.DEPLOY_KEY }}"}
"""
RULED_OUT = (
    "The rules of `main` ask for signed commits, and those of this pull request carry no signature. Write "
    "`commits: auto` in the policy, or `merge: {method: squash}` in the workflow; then comment `/retry`."
)
UNTOLD = (
    "GitHub answered 405 to PUT /repos/acme/slugs/pulls/2/merge: Repository rule violations found Commits must have "
    "verified signatures. Write `commits: signed` in the policy, then comment `/retry`: GitHub signs the bot's commits "
    "then."
)
UNSIGNED = (
    "The commit must be signed, and GitHub did not sign it (`unsigned`). On GitHub Enterprise Server an administrator "
    "has to let it sign what is committed on the web; `commits: plain` in the policy does without signatures."
)
POINTS = ("effect.after_act", "kept.before_record")


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@asynccontextmanager
async def signing(
    folder: Path, *branches: str, files: Mapping[str, str | None] = MERGES, **more: Any
) -> AsyncIterator[World]:
    """A repository where these branches take signed commits alone."""
    operator = {**AT_ONCE, "commits": "plain"}
    async with quick_world(
        folder, source=source(folder, files, **{"commits": "auto", **more}), policy=operator
    ) as world:
        for branch in branches:
            world.town.github.world.rule(world.town.repository, branch, "required_signatures")
        yield world


def signed(world: World, sha: str) -> bool:
    return sha in world.town.repository.verified


async def told(world: World, sha: str, form: str) -> str:
    return await git.text(world.town.repository.path, "log", "-1", f"--format={form}", sha)


async def effects_of(world: World, *kinds: str) -> list[str]:
    """The effects of these kinds that were done, by the first part of their names."""
    done = [event.facts for event in await world.journal() if event.name == "effect.done"]
    return [str(facts["effect"]).partition(":")[0] for facts in done if facts["kind"] in kinds]


async def test_where_signatures_are_asked_for_the_held_and_the_final_commit_are_signed_and_nothing_else_differs(
    tmp_path: Path,
) -> None:
    files = {**MERGES, ".github/workflows/tests.yml": EXPOSED, ".github/dco.yml": "require: {members: false}\n"}
    async with signing(tmp_path, "main", "pullwright/*", files=files) as world:
        await change_waits(world)
        held = world.pull.head_sha
        assert signed(world, held)
        assert "[skip ci]" in await told(world, held, "%B")
        bot = world.town.app.bot
        signs_off = f"Signed-off-by: {bot.login} <{bot.id}+{bot.login}@users.noreply.github.com>"
        assert (await told(world, held, "%B")).splitlines()[-1] == signs_off
        assert await told(world, held, "Signed-off-by: %an <%ae>") == signs_off
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        for _ in range(4):
            await world.settle()
            world.clock.leap(61)
        await world.settle()
        run = await world.run()
        assert run.state == "succeeded", run.ended_why
        final = world.pull.head_sha
        assert final != held
        assert signed(world, final)
        assert await told(world, final, "%T %P") == await told(world, held, "%T %P")
        assert "[skip ci]" not in await told(world, final, "%B")
        assert await effects_of(world, "sign", "push") == ["sign", "sign", "push", "release"]
        assert world.pull.merge_commit_sha is not None
        assert await told(world, world.pull.merge_commit_sha, "%P") == f"{await told(world, final, '%P')} {final}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "ruled", "expected"),
    [("auto", False, False), ("signed", False, True), ("plain", True, False)],
)
async def test_the_policy_decides_and_auto_asks_the_rules(
    tmp_path: Path, key: str, ruled: bool, expected: bool
) -> None:
    async with signing(
        tmp_path, *(["main"] if ruled else []), commits=key, sign_off="always" if expected else "never"
    ) as world:
        await change_waits(world)
        assert signed(world, world.pull.head_sha) is expected
        assert ("Signed-off-by: " in await told(world, world.pull.head_sha, "%B")) is expected
        if key == "plain":
            await world.approver.approve(world.pull_number)
            await world.settle()
            run = await world.run()
            assert (run.state, run.ended_code, run.ended_why) == (
                "failed",
                "merge-refused",
                RULED_OUT,
            )


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_a_worker_that_dies_around_the_signing_leaves_no_unsigned_commit_on_the_branch(
    tmp_path: Path, point: str
) -> None:
    async with signing(tmp_path, "main") as world:
        await world.ask()
        deaths = Deaths(point, 4)
        await survive(world)
        assert deaths.died > 0, f"{point} was never passed"
        assert signed(world, world.pull.head_sha)
        await world.approver.approve(world.pull_number)
        await survive(world)
        run = await world.run()
        assert run.state == "succeeded", run.ended_why
        assert len(world.town.github.world.merges(world.town.repository)) == 1


@pytest.mark.slow
async def test_a_server_that_signs_nothing_is_named_and_nothing_is_pushed(tmp_path: Path) -> None:
    async with signing(tmp_path, "main") as world:
        world.town.repository.signs_commits = False
        await world.ask()
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_code, run.ended_why) == (
            "failed",
            "change-refused",
            UNSIGNED,
        )
        assert list(await world.town.github.world.branches(world.town.repository)) == ["main"]


@pytest.mark.slow
async def test_classic_protection_of_which_nobody_is_told_is_explained_when_it_refuses(tmp_path: Path) -> None:
    async with signing(tmp_path) as world:
        world.town.repository.protected["main"] = Protection(signatures=True)
        await change_waits(world)
        await world.approver.approve(world.pull_number)
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_code, run.ended_why) == ("failed", "merge-refused", UNTOLD)
