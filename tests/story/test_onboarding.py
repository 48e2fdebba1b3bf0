"""`onboard`: a first policy file, made from what the repository has, is offered by one pull request, however often it
is asked for and whoever dies meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from story_deaths import Deaths, Died, survive
from story_sources import AT_ONCE, source
from story_trust import all_runs, quick_world
from story_world import World
from test_ci_exposure_story import EXPOSED, TARGET

from bot.cli import cli
from bot.demo.github import git
from bot.demo.github.acts.repositories import archive
from bot.demo.github.records import Actor
from core import faults
from jobs.records import record_of
from jobs.replay import replay
from policies.schema import load

OWN = ".github/pullwright.yml"
BRANCH = "pullwright/onboarding"
CI = ".github/workflows/ci.yml"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@asynccontextmanager
async def unfurnished(
    folder: Path, files: Mapping[str, str | None] | None = None, policy: Mapping[str, Any] = AT_ONCE
) -> AsyncIterator[World]:
    """A world whose repository has no policy file."""
    place = source(folder, {OWN: None, **(files or {})})
    async with quick_world(folder, source=place, policy=policy, script={}) as world:
        yield world


async def asked(world: World, words: str = "/onboard", *, by: str = "ada") -> int:
    issue = (await world.requester.open_issue("A bot", "What would it do here?")).number
    await world.town.person(by).comment(issue, words)
    await world.settle_in_time()
    return issue


async def refused(world: World, words: str = "/onboard") -> str:
    """Why it was not offered."""
    await asked(world, words)
    run = await world.run()
    assert (run.state, run.ended_code) == ("failed", "onboarding-refused")
    return run.ended_why or ""


def pulls(world: World) -> list[int]:
    return [issue.number for issue in world.town.github.world.pulls(world.town.repository)]


async def on(world: World, branch: str) -> str:
    """The policy file there."""
    return await git.text(world.town.repository.path, "show", f"refs/heads/{branch}:{OWN}")


async def message(world: World) -> str:
    """What the commit that is offered says."""
    return await git.text(world.town.repository.path, "show", "-s", "--format=%B", f"refs/heads/{BRANCH}")


async def test_a_file_is_offered_once_and_counts_when_a_person_merges_it(tmp_path: Path) -> None:
    async with unfurnished(tmp_path) as world:
        await asked(world, by="rosa")
        assert "Starting `onboard` needs the role `maintain` or above, and @rosa has" in world.replies()[-1]
        await asked(world)
        first, pull = await world.run(), world.pull_number
        assert (first.state, first.waiting and first.waiting.binds) == ("waiting", "change")
        text = await on(world, BRANCH)
        policy = load(text, OWN)
        assert policy.checks["tests"].run == "python -m unittest discover -s tests -t ."
        assert (policy.merge, policy.plan.wait) == ("bot", "never"), "what the operator's policy says is not lost"
        body = world.town.repository.issues[pull].body or ""
        assert (
            "> - tests: `python -m unittest discover -s tests -t .`, since `pyproject.toml` makes it a Python" in body
        )
        assert world.checks()["pullwright/policy"] == "action_required"
        await asked(world)
        second = await world.run()
        assert second.id != first.id
        assert (second.ended_why or "").startswith(f"#{pull} offers it already: http")
        await world.requester.approve(pull)
        await world.settle_in_time()
        assert pulls(world) == [pull]
        assert world.checks()["pullwright/approval"] == "success"
        ended = next(run for run in await all_runs(world) if run.id == first.id)
        assert ended.ended_why == f"#{pull} is approved, and a person may merge it"
        await world.approver.merge(world.town.repository.issues[pull], "squash")
        await world.settle_in_time()
        assert await on(world, "main") == text


@pytest.mark.slow
async def test_what_somebody_closed_is_offered_again_only_where_they_say_so(tmp_path: Path) -> None:
    async with unfurnished(tmp_path) as world:
        await asked(world)
        (first,) = pulls(world)
        await world.approver.close_pull(first)
        await world.settle_in_time()
        assert (await world.run()).ended_why == f"@ada closed #{first}"
        assert await refused(world) == (
            f"#{first} offered it, and somebody closed it. To be offered it once more, say `/onboard again=true`, or "
            "`pullwright onboard --again`."
        )
        await asked(world, "/onboard again=true")
        assert len(pulls(world)) == 2
        assert (await world.run()).state == "waiting"
        assert "pullwright.yml" in await on(world, BRANCH)


@pytest.mark.slow
async def test_a_branch_of_that_name_that_is_somebody_elses_is_not_written_over(tmp_path: Path) -> None:
    async with unfurnished(tmp_path) as world:
        await world.approver.push(BRANCH, {"mine.txt": "mine\n"}, "feat: mine")
        assert await refused(world) == f"There is a branch `{BRANCH}` with a commit that is not mine. Delete it first."
        await world.approver.open_pull(BRANCH, "main", "Mine")
        assert f"is open from `{BRANCH}`, and is not mine." in await refused(world)


@pytest.mark.slow
async def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    async with unfurnished(tmp_path) as world:
        await world.approver.push("main", {OWN: "policy: team\n"}, "chore: mine")
        assert f"`{OWN}` is there already" in await refused(world)


@pytest.mark.slow
async def test_of_two_that_are_asked_for_at_once_one_is_opened(tmp_path: Path) -> None:
    async with unfurnished(tmp_path) as world:
        issues = [(await world.requester.open_issue(title, "")).number for title in ("One", "Two")]
        await world.approver.comment(issues[0], "/onboard")
        deaths = Deaths("memo.before_keep", every=1000)
        with pytest.raises(Died):
            await world.settle()  # it has looked and found nothing, and its worker dies before anything is pushed
        assert deaths.died == 1
        await world.another_worker()
        await world.approver.comment(issues[1], "/onboard")
        await world.settle()
        assert pulls(world) == [], "the other one does not overtake it"
        await world.settle_in_time()
        assert len(pulls(world)) == 1
        other, opener = sorted(await all_runs(world), key=lambda run: run.pull_number or 0)
        assert opener.state == "waiting"
        assert (other.ended_code, other.waiting and other.waiting.what) in {("already-open", None), (None, "paths")}


@pytest.mark.slow
async def test_ci_that_would_expose_something_is_quiet_until_people_have_approved(tmp_path: Path) -> None:
    async with unfurnished(tmp_path, {CI: EXPOSED}) as world:
        await asked(world)
        assert "[skip ci]" in await message(world)
        await world.requester.approve(world.pull_number)
        await world.settle_in_time()
        assert "[skip ci]" not in await message(world)
        assert load(await on(world, BRANCH), OWN).checks["tests"].run == "python -m unittest discover -s tests -t ."


@pytest.mark.slow
async def test_where_nothing_holds_ci_back_nothing_is_pushed_before_people_have_approved(tmp_path: Path) -> None:
    async with unfurnished(tmp_path, {CI: TARGET}) as world:
        issue = await asked(world)
        assert pulls(world) == []
        assert "+# What the bot may do here." in world.replies(issue)[-1]
        await world.requester.comment(issue, f"/approve {await world.digest()}")
        await world.settle_in_time()
        assert len(pulls(world)) == 1


# The operator ---------------------------------------------------------------------------------------------------


async def ordered(world: World, *arguments: str) -> tuple[int, dict[str, Any]]:
    """What `pullwright onboard` says while the service is at work."""
    command = ["onboard", f"{world.town.repository.owner.login}/{world.town.repository.name}", *arguments, "--json"]
    environ = {**world.town.environ, "PULLWRIGHT_REDIS_URL": "unix:///nowhere/redis.sock"}
    waiting = asyncio.create_task(asyncio.to_thread(CliRunner().invoke, cli, command, env=environ))
    while not waiting.done():
        await world.settle()
        await asyncio.wait([waiting], timeout=0.1)
    return waiting.result().exit_code, json.loads(waiting.result().stdout)


@pytest.mark.slow
async def test_the_operator_asks_for_a_repository_that_was_never_heard_of(tmp_path: Path) -> None:
    async with unfurnished(tmp_path) as world:
        code, told = await ordered(world)
        assert (code, told["run"]["pull_number"]) == (0, world.pull_number), told
        assert told["run"]["requester"] == "pullwright[bot]"
        assert "For #" not in (world.town.repository.issues[world.pull_number].body or "")
        code, again = await ordered(world)
        assert (code, again["run"]["id"]) == (0, told["run"]["id"]), "the one that is open is named"
        archive(world.town.github.world, Actor(world.town.repository.owner), world.town.repository)
        code, told = await ordered(world)
        assert (code, told["run"]) == (1, None)
        assert told["outcome"] == "ignored: acme/slugs is archived, so nothing can be written there"


# Deaths ---------------------------------------------------------------------------------------------------------


async def played(world: World) -> tuple[list[int], str, bool]:
    """Onboarding, with a yes: the pull requests, how the run ended, and whether the branch has the file and its CI."""
    issue = (await world.requester.open_issue("A bot", "")).number
    await world.approver.comment(issue, "/onboard")
    await survive(world)
    await world.requester.approve(world.pull_number)
    await survive(world)
    world.clock.leap(61)
    await survive(world)
    faults.disarm()
    run = await world.run()
    released = "[skip ci]" not in await message(world)
    return pulls(world), f"{run.state}: {run.ended_why}", released and "checks:" in await on(world, BRANCH)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["effect.before_act", "effect.after_act", "push.after", "memo.before_keep"])
async def test_a_death_at_this_point_is_not_seen_by_anybody(tmp_path: Path, name: str) -> None:
    async with unfurnished(tmp_path, {CI: EXPOSED}) as world:
        deaths = Deaths(name, every=4)
        assert await played(world) == ([2], "succeeded: #2 is approved, and a person may merge it", True)
        assert deaths.died > 0
        assert sum("this change needs your approval" in reply for reply in world.replies()) == 1
        async with world.services.store.read() as db:
            record = await record_of(db, world.services.artifacts, (await world.run()).id)
    assert (await replay(record)).difference is None
