"""Runs that nobody asked for by name: a push, a call, a time, an opened issue, the operator; and who may start none."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner
from story_sources import AT_ONCE, source
from story_trust import all_runs, newcomer, quick_world
from story_world import World

from adapters.store import deliveries, events
from bot.cli import cli
from core.workflow.sources import FOLDER
from jobs import schedules

SECRET = "a secret of the nightly hook"
WATCH = """
name: watch
on:
  issues: {types: [opened, labeled], labels: [bug]}
steps:
  - {id: look, run: ls}
"""
NIGHTLY = """
name: nightly
on:
  push: {branches: [main], paths: ["slugs/**"]}
  hook: nightly
  repository_dispatch: {types: [nightly]}
  schedule: [{cron: "0 3 * * *", timezone: Europe/Berlin}]
inputs: {place: {type: string, default: nowhere}, branch: {type: string, default: none}}
steps:
  - {id: look, run: 'echo "$PLACE $BRANCH"', env: {PLACE: "${{ inputs.place }}", BRANCH: "${{ inputs.branch }}"}}
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    files = {f"{FOLDER}/watch.yml": WATCH, f"{FOLDER}/nightly.yml": NIGHTLY}
    settings = {"PULLWRIGHT_HOOK_SECRETS": f"nightly={SECRET}"}
    async with quick_world(
        tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script={}, settings=settings
    ) as opened:
        yield opened


async def said(world: World) -> list[str | None]:
    """What became of each delivery, the newest first."""
    async with world.services.store.read() as db:
        return [one.outcome for one in await deliveries.list_(db, 50)]


async def known(world: World) -> None:
    """Let the service hear of the repository for the first time."""
    await world.requester.open_issue("Hello", "")
    await world.settle()
    assert await all_runs(world) == []


async def call(world: World, **inputs: Any) -> int:
    """Call the hook as its owner would."""
    repository = f"{world.town.repository.owner.login}/{world.town.repository.name}"
    body = json.dumps({"repository": repository, "inputs": inputs}).encode()
    stamp = str(int(world.clock.now().timestamp()))
    headers = {
        "Pullwright-Timestamp": stamp,
        "Pullwright-Signature": "sha256=" + hmac.digest(SECRET.encode(), f"{stamp}.".encode() + body, "sha256").hex(),
    }
    url = world.town.app.hook.url.replace("/webhooks/github", "/hooks/nightly")
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status


async def test_a_call_of_a_hook_starts_its_workflow_with_what_it_brings_and_speaks_to_nobody(world: World) -> None:
    await known(world)
    assert await call(world, place="north; touch /tmp/owned", unheard="of") == 202
    await world.settle()
    run = await world.run()
    assert (run.state, run.subject.kind, run.requester) == ("succeeded", "repository", "pullwright[bot]"), run.ended_why
    assert run.inputs == {"place": "north; touch /tmp/owned"}
    assert world.comments() == []
    async with world.services.store.read() as db:
        names = [event.name for event in await events.of_run(db, run.id)]
    assert names[-1] == "run.ended"


@pytest.mark.slow
async def test_calls_start_no_more_runs_within_an_hour_than_policy_allows(tmp_path: Path) -> None:
    files, settings = {f"{FOLDER}/nightly.yml": NIGHTLY}, {"PULLWRIGHT_HOOK_SECRETS": f"nightly={SECRET}"}
    where = source(tmp_path, files, limits={"runs_per_hour": 2})
    async with quick_world(tmp_path, source=where, policy=AT_ONCE, script={}, settings=settings) as world:
        await known(world)
        for place in ("first", "second", "third"):  # the same call twice within a second is one call
            assert await call(world, place=place) == 202
            await world.settle()
        assert len(await all_runs(world)) == 2
        assert "ignored: 2 runs began about this within the last hour, and no more than 2 may." in str(
            (await said(world))[0]
        )
        world.clock.leap(3601)
        await call(world)
        await world.settle()
        assert len(await all_runs(world)) == 3


@pytest.mark.slow
async def test_a_time_that_has_come_starts_its_workflow_once_also_when_it_was_missed(world: World) -> None:
    await known(world)
    await schedules.read(world.services)
    assert await schedules.tell(world.services) == 0
    world.clock.leap(3 * 86_400)  # three nights without a clock
    assert await schedules.tell(world.services) == 1
    assert await schedules.tell(world.services) == 0
    await schedules.read(world.services)
    await world.settle()
    (run,) = await all_runs(world)
    assert run.trigger_key.startswith(f"schedule:{run.repo.id}:")
    assert run.state == "succeeded"


@pytest.mark.slow
async def test_an_opened_issue_starts_what_listens_where_its_author_may_start_work(world: World) -> None:
    stranger = newcomer(world, "mallory")
    await stranger.open_issue("Do something expensive", "please")
    await world.settle()
    assert await all_runs(world) == []
    issue = await world.requester.open_issue("A bug", "Look at it.")
    await world.settle()
    assert await all_runs(world) == []  # it has no such label
    await world.requester.label(issue.number, "bug")
    await world.settle()
    (run,) = await all_runs(world)
    assert (run.workflow, run.requester, run.subject.number) == ("watch", "rosa", issue.number)
    assert world.comments(1) == []


@pytest.mark.slow
async def test_a_push_starts_what_listens_to_its_branch_and_paths_at_the_commit_that_was_pushed(world: World) -> None:
    await world.approver.push("main", {"NOTES.md": "Hello.\n"}, "docs: greet")
    await world.settle()
    assert await all_runs(world) == []
    await world.approver.push("main", {"slugs/new.py": "X = 1\n"}, "feat: more")
    await world.settle()
    (run,) = await all_runs(world)
    assert run.source.startswith("push of ")
    assert run.inputs == {"branch": "main"}
    assert run.state == "succeeded"


# The command line -----------------------------------------------------------------------------------------------


async def ordered(world: World, *arguments: str) -> tuple[int, dict[str, Any]]:
    """`pullwright workflow run` in a thread of its own, while the service is at work; its exit code and document."""
    repository = f"{world.town.repository.owner.login}/{world.town.repository.name}"
    command = ["workflow", "run", *arguments, "--repo", repository, "--json"]
    environ = {**world.town.environ, "PULLWRIGHT_REDIS_URL": "unix:///nowhere/redis.sock"}
    asked = asyncio.create_task(asyncio.to_thread(CliRunner().invoke, cli, command, env=environ))
    while not asked.done():
        await world.settle()
        await asyncio.wait([asked], timeout=0.1)
    ended = asked.result()
    return ended.exit_code, json.loads(ended.stdout)


@pytest.mark.slow
async def test_the_operator_starts_a_run_in_the_name_of_somebody_who_may(world: World) -> None:
    await known(world)
    code, told = await ordered(world, "nightly", "--as", "rosa", "--input", "place=here", "--wait")
    assert (code, told["run"]["state"], told["run"]["requester"]) == (0, "succeeded", "rosa")
    assert told["run"]["inputs"] == {"place": "here"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            ("nightly", "--as", "mallory"),
            "Starting `nightly` needs the role `triage` or above, and @mallory has no role",
        ),
        (("nothing", "--as", "rosa"), "there is no workflow `nothing` in "),
        (("nightly", "--as", "rosa", "--input", "plcae=x"), "there is no input `plcae`; did you mean `place`?"),
        (("watch", "--as", "rosa", "--issue", "99"), "GitHub answered 404 to GET"),
    ],
)
async def test_what_may_not_be_started_is_told_where_it_was_asked_for(
    world: World, arguments: tuple[str, ...], why: str
) -> None:
    await known(world)
    code, told = await ordered(world, *arguments)
    assert (code, told["run"]) == (1, None)
    assert told["outcome"].startswith(f"ignored: {why}")
    assert world.comments() == []
