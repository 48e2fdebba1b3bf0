"""A hundred runs while GitHub fails in every way it knows: all end, everything is there once, nobody is impatient."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import stamina
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import LABEL, World

from adapters.store import StoreUnavailable, deliveries, effects, runs
from bot.demo.github.records import Repository
from bot.demo.github.storm import KINDS, Kind
from core.names import RunId
from core.runs import Run
from jobs import engine
from jobs.intake import drain
from jobs.sweep import INTERVAL_SECONDS, sweep

MARKER = re.compile(r"<!-- pullwright (\S+) -->")
AT_WORK = 12
"""Runs that are looked at at the same time."""
SURE: list[Kind] = [kind for kind in KINDS if kind != "not yet"]
"""What is not shown yet is shown a second later, and time leaps here: whether somebody looks before is chance. A story
of its own, in `test_github_faults`, meets it for sure."""
CHECKS = {"tests", "policy", "review", "approval"}
SETTINGS = {"PULLWRIGHT_SANDBOX": "none", "PULLWRIGHT_LEASE_SECONDS": "3600"}
"""A lease that outlasts the leaps of the clock: this is about GitHub."""
TRIVIAL = {"tests": {"run": "true"}}
"""Checks that cost nothing: this is not about boxes."""


async def neighbours(world: World, source: Path, number: int, of_each_owner: int) -> list[Repository]:
    """So many repositories; those of one owner share an installation, and with it GitHub's limits."""
    github, found = world.town.github.world, []
    for one in range(number):
        owner = f"owner{one // of_each_owner}"
        if owner not in github.accounts:
            github.create_org(owner, ["rosa", "ada"])
        repository = await github.create_repository(owner, f"slugs{one}", source)
        github.add_collaborator(repository, "rosa", "write")
        github.add_collaborator(repository, "ada", "maintain")
        github.install(world.town.app, repository)
        found.append(repository)
    return found


async def until_quiet(world: World) -> None:
    """Let everything happen that can happen without a person, many runs at once.

    Time leaps while there is room for more work. What our receiver could not take is asked for again, as by the clock.
    """
    draining, looking = asyncio.Event(), dict[RunId, asyncio.Task[None]]()
    intake = asyncio.create_task(asyncio.sleep(0))
    for _ in range(20_000):
        await world.town.github.webhooks.delivered()
        for run_id in [run_id for run_id, task in looking.items() if task.done()]:
            _over(looking.pop(run_id))
        due, to_route = await _due(world, looking)
        for run_id in due:
            looking[run_id] = asyncio.create_task(engine.look(world.services, run_id, draining))
        if intake.done():
            _over(intake)
            if to_route:
                intake = asyncio.create_task(drain(world.services))
        busy = [*looking.values(), *([] if intake.done() else [intake])]
        if busy:
            await asyncio.wait(busy, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            if len(looking) < AT_WORK:
                world.clock.leap(1)  # most runs are told to wait: nobody needs to sit it out
        elif not await _nothing_left(world):
            world.clock.leap(10)
        elif await _swept(world):
            return
    raise AssertionError("the world does not come to rest")


def _over(task: asyncio.Task[None]) -> None:
    """What a worker does where the database was busy for too long: nothing, the clock rings again."""
    with contextlib.suppress(StoreUnavailable):
        task.result()


async def _due(world: World, looking: Mapping[RunId, object]) -> tuple[Sequence[RunId], bool]:
    """Runs to look at that nobody looks at, as many as there is room for; and whether something is to be routed."""
    now = world.clock.now()
    async with world.services.store.read() as db:
        found = [run_id for run_id in await runs.due(db, now, 500) if run_id not in looking][: AT_WORK - len(looking)]
        to_route = bool(await deliveries.pending(db, now, 1) or await effects.pending_loose(db, now, 1))
    if found:
        try:
            async with world.services.store.begin() as db:
                for run_id in found:
                    await runs.wake(db, run_id, now)
        except StoreUnavailable:
            return [], to_route
    return found, to_route


async def _swept(world: World) -> bool:
    """Whether GitHub has nothing left that our receiver could not take."""
    swept = await sweep(world.services, pace_seconds=0)
    if swept.missing or swept.put_off:
        world.clock.leap(INTERVAL_SECONDS + 1)
    return not (swept.missing or swept.put_off)


async def _nothing_left(world: World) -> bool:
    async with world.services.store.read() as db:
        states = await runs.counts(db)
        owed = (await deliveries.counts(db))["pending"] or await effects.unsettled_loose(db)
        return not (owed or states["queued"] or states["running"])


async def _astray(world: World, number: int) -> list[str]:
    """What stands in the way of as many runs as there are issues, each waiting for a person at its pull request."""
    async with world.services.store.read() as db:
        begun = await runs.recent(db, number + 10)
    refused = [f"{one.event} was answered {one.status}" for one in world.town.github.webhooks.log if one.status != "OK"]
    missing = [] if len(begun) == number else [f"{len(begun)} runs began", *refused]
    return missing + [
        f"{run.id} of {run.repo}: {run.state.value}, {run.waiting or run.ended_why}"
        for run in begun
        if run.state != "waiting" or run.pull_number is None
    ]


async def assert_it_is_there_once(world: World, repository: Repository, run: Run) -> None:
    """One of each comment, one branch, pull request and merge, one of each check; and nothing is missing."""
    github = world.town.github.world
    said = [marker for one in github.comments_by(repository, "pullwright[bot]") for marker in MARKER.findall(one.body)]
    assert set(Counter(said).values()) == {1}, said
    (pull,) = github.pulls(repository)
    assert pull.pull is not None
    assert (pull.number, len(github.merges(repository))) == (run.pull_number, 1)
    assert set(await github.branches(repository)) == {"main", pull.pull.head_ref}
    checks = Counter(check.external_id for check in github.check_runs(repository))
    assert checks == {f"{run.id}:{name}": 1 for name in CHECKS}
    async with world.services.store.read() as db:
        owed = [effect for effect in await effects.of_run(db, run.id) if effect.state != "done"]
    assert [effect for effect in owed if effect.act.kind not in {"reaction", "review_request", "status"}] == []
    assert any(
        f"#{run.pull_number} is merged into" in one.body for one in github.comments_by(repository, "pullwright[bot]")
    )


async def told_through_a_storm(
    folder: Path, number: int, *, of_each_owner: int, slow_seconds: float, seed: int, met: Sequence[Kind]
) -> None:
    """So many issues, from the label to the merge. `met` are faults that it must have met on its way."""
    origin = source(folder, checks=TRIVIAL)
    async with quick_world(folder, source=origin, policy=AT_ONCE, settings=SETTINGS, limited=True) as world:
        github = world.town.github
        streets = await neighbours(world, origin, number, of_each_owner)
        await until_quiet(world)
        github.storm.begin(seed, rate=0.05, slow_seconds=slow_seconds, limit_seconds=8)
        for repository in streets:
            rosa = github.person("rosa").at(repository)
            issue = await rosa.open_issue("Slugs hold runs of hyphens", "Join them.")
            await rosa.label(issue.number, LABEL)
        await until_quiet(world)
        assert await _astray(world, number) == []
        for repository in streets:
            (pull,) = github.world.pulls(repository)
            await github.person("ada").at(repository).approve(pull.number)
        await until_quiet(world)
        async with world.services.store.read() as db:
            ended = await runs.recent(db, number + 10)
        assert Counter((run.state.value, run.ended_why) for run in ended) == {("succeeded", "#2 is merged"): number}
        by_repository = {run.repo.id: run for run in ended}
        for repository in streets:
            await assert_it_is_there_once(world, repository, by_repository[repository.id])
        assert (github.storm.impatient, github.limits.violations) == ([], [])
        assert [kind for kind in met if not github.storm.met[kind]] == []


@pytest.mark.slow
@pytest.mark.timeout(2700)
async def test_a_hundred_runs_through_every_kind_of_fault(tmp_path: Path) -> None:
    with stamina.set_testing(True, attempts=4, cap=True):
        await told_through_a_storm(tmp_path, 100, of_each_owner=2, slow_seconds=0.2, seed=20_261_121, met=SURE)


@pytest.mark.slow
async def test_a_few_runs_through_every_kind_of_fault_with_pauses_between_and_answers_of_ten_seconds(
    tmp_path: Path,
) -> None:
    met: list[Kind] = ["error before", "cut before", "secondary limit", "slow"]
    await told_through_a_storm(tmp_path, 3, of_each_owner=1, slow_seconds=10.0, seed=7, met=met)
