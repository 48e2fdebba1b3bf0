"""Whatever GitHub does to a request, everything is there once, and nobody knocks while told to wait."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import stamina
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import LABEL, World

from adapters.store import deliveries, effects, runs
from bot.demo.github.storm import KINDS, Kind
from core.runs import Run
from jobs import engine
from jobs.intake import drain

MARKER = re.compile(r"<!-- pullwright (\S+) -->")
AT_WORK = 12
"""Runs that are looked at at the same time."""
TELLING: set[Kind] = {"error after"}
"""It stands for the others; all of them, and all at once, are among the slow tests."""
FINAL = {"tests", "policy", "review", "approval"}


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    """A read that is tried again is tried again at once."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


def twice(found: Sequence[object]) -> list[object]:
    return [one for one, times in Counter(found).items() if times > 1]


async def assert_everything_is_there_once(world: World, ended: Sequence[Run]) -> None:
    """Each run's comments, branch, pull request, checks and merge: one of each, and none is missing."""
    github, repository = world.town.github.world, world.town.repository
    assert twice([marker for comment in world.comments() for marker in MARKER.findall(comment.body)]) == []
    pulls = github.pulls(repository)
    assert twice([one.pull.head_ref for one in pulls if one.pull is not None]) == []
    assert sorted(one.number for one in pulls) == sorted(run.pull_number or 0 for run in ended)
    assert set(await github.branches(repository)) == {"main"} | {one.pull.head_ref for one in pulls if one.pull}
    checks = github.check_runs(repository)
    assert twice([(check.external_id, check.head_sha) for check in checks]) == []
    assert {check.external_id for check in checks} == {f"{run.id}:{name}" for run in ended for name in FINAL}
    async with world.services.store.read() as db:
        for run in ended:
            owed = [effect for effect in await effects.of_run(db, run.id) if effect.state != "done"]
            assert [effect for effect in owed if effect.act.kind not in {"reaction", "review_request"}] == []


async def until_quiet(world: World, rounds: int = 400) -> None:
    """As `settle_in_time`, with many runs at work at once, and time leaping only as far as the next thing is due."""
    draining = asyncio.Event()
    gate = asyncio.Semaphore(AT_WORK)

    async def look(run: Run) -> None:
        async with gate:
            await engine.look(world.services, run.id, draining)

    for _ in range(rounds):
        await world.town.github.webhooks.delivered()
        await drain(world.services)
        async with world.services.store.begin() as db:
            now = world.clock.now()
            due = await runs.due(db, now, 200)
            for run_id in due:
                await runs.wake(db, run_id, now)
            found = [await runs.require(db, run_id) for run_id in due]
        if found:
            await asyncio.gather(*(look(run) for run in found))
            continue
        async with world.services.store.read() as db:
            unfinished = [run for run in await runs.recent(db, 500) if run.state in {"queued", "running"}]
            waiting = (await deliveries.counts(db))["pending"] or await effects.unsettled_loose(db)
        if not (unfinished or waiting):
            return
        world.clock.leap(31)
    raise AssertionError("the storm does not come to rest")


async def story(world: World, number: int) -> list[Run]:
    """So many issues at once, from the label to the merge."""
    for one in range(number):
        issue = await world.requester.open_issue(f"Slugs hold runs of hyphens, case {one}", "Join them.")
        await world.requester.label(issue.number, LABEL)
    await until_quiet(world)
    for one in world.town.github.world.pulls(world.town.repository):
        await world.approver.approve(one.number)
    await until_quiet(world)
    async with world.services.store.read() as db:
        return await runs.recent(db, number + 10)


@pytest.mark.parametrize(
    "kind", [kind if kind in TELLING else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]
)
async def test_a_story_in_which_a_third_of_the_requests_meets_this_fault(tmp_path: Path, kind: Kind) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        storm = world.town.github.storm
        rate = {"slow": 0.1, "not yet": 1.0, "too many requests": 0.1, "secondary limit": 0.1}.get(kind, 0.3)
        storm.begin(1, rate=rate, kinds=[kind], slow_seconds=0.3)
        ended = await story(world, 1)
        assert [(run.state, run.ended_why) for run in ended] == [("succeeded", "#2 is merged")]
        await assert_everything_is_there_once(world, ended)
        assert len(world.town.github.world.merges(world.town.repository)) == 1
        assert storm.impatient == []
        assert storm.met[kind] > 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/repos/*/reactions", marks=pytest.mark.slow),
        pytest.param("POST", "/repos/*/requested_reviewers", marks=pytest.mark.slow),
        ("POST", "/repos/*/check-runs"),
    ],
)
async def test_a_server_without_this_endpoint_serves_all_the_same(tmp_path: Path, method: str, path: str) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        world.town.github.faults.lacks(method, path)
        (run,) = await story(world, 1)
        assert (run.state, run.ended_why) == ("succeeded", "#2 is merged")
        given_up = [event.facts["kind"] for event in await world.journal() if event.name == "effect.given_up"]
        assert given_up
