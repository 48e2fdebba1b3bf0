"""A worker that dies anywhere changes nothing that people see: everything is there once, and nothing is paid twice."""

import asyncio
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from story_deaths import Deaths, fault_points, survive
from story_sources import AT_ONCE, ONE_FILE, script, source
from story_trust import quick_world
from story_world import World, free_port, open_world

from adapters.store import costs, runs
from bot.demo.github import git
from bot.demo.model import Script
from bot.demo.town import open_town
from bot.up import supervise
from core import faults
from jobs import engine
from jobs.intake import drain


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


async def play(world: World, between: Callable[[], None] = lambda: None) -> None:
    """The main job from the issue to the merge, whatever dies in between."""
    issue = await world.ask()
    await survive(world, between)
    await world.approver.comment(issue, f"/approve {await world.digest()}")
    await survive(world, between)
    run = await world.run()
    assert run.state == "waiting", run.ended_why
    await world.approver.approve(world.pull_number)
    await survive(world, between)


@dataclass(frozen=True)
class Trace:
    """Everything that people see and pay for, in a form that is the same for the same story."""

    ended: tuple[str, ...]
    summary: Mapping[str, int]
    comments: Mapping[str, int]
    checks: Mapping[tuple[str, str | None], int]
    reactions: tuple[tuple[str, str], ...]
    branches: int
    tree: str | None
    """The tree of the default branch at the end."""
    asked: Mapping[str, int]
    """How often the model was asked, by step."""
    calls: int
    """How many replies were paid for."""
    cost_usd: Decimal

    @classmethod
    async def of(cls, world: World) -> "Trace":
        run, town, repository = await world.run(), world.town, world.town.repository
        assert town.model is not None
        async with world.services.store.read() as db:
            spent = await costs.of_run(db, run.id)
        assert spent.cost_usd is not None
        paid = [event for event in await world.journal() if event.name == "model.replied"]
        issues = repository.issues.values()
        return cls(
            ended=(run.state, run.ended_code or "", run.ended_why or ""),
            summary=town.github.world.summary(repository),
            comments=Counter(reply.split("\n")[0].split("`")[0] for reply in world.replies()),
            checks=Counter((check.name, check.conclusion) for check in town.github.world.check_runs(repository)),
            reactions=tuple(sorted((one.content, one.user.login) for issue in issues for one in issue.reactions)),
            branches=len(await town.github.world.branches(repository)),
            tree=await git.resolve(repository.path, "refs/heads/main^{tree}"),
            asked=Counter(purpose.partition("/")[2] for purpose in town.model.requests),
            calls=len(paid),
            cost_usd=spent.cost_usd,
        )


_undisturbed: list[Trace] = []
_undisturbed_quick: list[Trace] = []


@pytest.fixture
async def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The trace of the story in which nobody dies; played once."""
    if not _undisturbed:
        async with open_world(tmp_path_factory.mktemp("undisturbed")) as world:
            await play(world)
            _undisturbed.append(await Trace.of(world))
        assert _undisturbed[0].ended == ("succeeded", "", "#2 is merged")
    return _undisturbed[0]


@pytest.fixture
async def undisturbed_quick(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The same for the shortest story."""
    if not _undisturbed_quick:
        async with quick_world(tmp_path_factory.mktemp("undisturbed")) as world:
            await play(world)
            _undisturbed_quick.append(await Trace.of(world))
        assert _undisturbed_quick[0].ended == ("succeeded", "", "#2 is merged")
    return _undisturbed_quick[0]


def assert_same(found: Trace, expected: Trace, *, asked_again: int = 0) -> None:
    """Equal, but for at most so many requests whose reply died with the worker that got it."""
    again = Counter(found.asked) - Counter(expected.asked)
    assert again.total() <= asked_again, again
    # How long a command took is part of what the model reads, and of what it costs.
    assert found.cost_usd == pytest.approx(expected.cost_usd, rel=Decimal("0.01"))
    assert replace(found, asked=expected.asked, cost_usd=expected.cost_usd) == expected


UNRECORDED = {"agent.after_reply", "memo.before_keep", "store.before_commit"}
"""Between a model's reply and its record: the one place where a death costs another request."""

RARELY = {"store.before_commit": 31, "store.after_commit": 31}
"""Points that a story passes some three hundred times: more deaths in a row than it can make headway between."""

STRIDE = 19
"""Transactions between two deaths where every transaction is to be hit once."""


TELLING = {"push.after"}
"""One push; every point is among the slow tests, and more deaths under `tests/crash`."""


@pytest.mark.parametrize(
    "name", [point if point in TELLING else pytest.param(point, marks=pytest.mark.slow) for point in fault_points()]
)
async def test_a_death_at_this_point_is_not_seen_by_anybody(tmp_path: Path, undisturbed: Trace, name: str) -> None:
    async with open_world(tmp_path) as world:
        deaths = Deaths(name, every=RARELY.get(name, 4))
        await play(world)
        assert deaths.died > 0, "the story comes by every point"
        assert_same(await Trace.of(world), undisturbed, asked_again=deaths.died if name in UNRECORDED else 0)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(STRIDE))
@pytest.mark.parametrize("name", ["store.before_commit", "store.after_commit"])
async def test_a_death_at_any_transaction_is_not_seen_by_anybody(
    tmp_path: Path, undisturbed_quick: Trace, name: str, first: int
) -> None:
    """Together the offsets kill at every transaction there is, before and after it is on disk."""
    async with quick_world(tmp_path) as world:
        deaths = Deaths(name, every=STRIDE, first=first)
        await play(world)
        assert deaths.died > 0
        assert_same(await Trace.of(world), undisturbed_quick, asked_again=deaths.died)


@pytest.mark.parametrize(
    "name",
    [
        "agent.after_checkpoint",
        pytest.param("step.before_outcome", marks=pytest.mark.slow),
        pytest.param("effect.after_act", marks=pytest.mark.slow),
    ],
)
async def test_another_machine_goes_on_where_a_lost_one_stopped(tmp_path: Path, undisturbed: Trace, name: str) -> None:
    async with open_world(tmp_path) as world:

        def lose_the_disk() -> None:
            for folder in ("workspaces", "mirrors", "layers"):
                shutil.rmtree(world.services.settings.data_dir / folder, ignore_errors=True)

        deaths = Deaths(name, every=3)
        await play(world, lose_the_disk)
        assert deaths.died > 0
        assert_same(await Trace.of(world), undisturbed)


async def test_a_run_that_fails_five_times_at_one_place_is_given_up_with_one_comment(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        Deaths("step.before_outcome", every=1)
        await world.ask()
        await survive(world)
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "given-up")
        (said,) = [reply for reply in world.replies() if not reply.startswith("**")]
        assert said == (
            "❌ **This run failed** (`given-up`). The run failed 5 times in a row without getting any further.\n\n"
            "The operator should look at the log of this run; then comment `/retry`."
        )
        assert world.town.model is not None
        assert len(world.town.model.requests) == 1, "the triage was recorded and paid for once"


async def test_a_worker_that_is_told_to_stop_parks_at_the_next_turn_and_no_turn_is_lost(
    tmp_path: Path, undisturbed: Trace
) -> None:
    async with open_world(tmp_path) as world:
        issue = await world.ask()
        await world.settle()
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.town.github.webhooks.delivered()
        await drain(world.services)
        async with world.services.store.begin() as db:
            await runs.wake(db, (await world.run()).id, world.clock.now())

        draining = asyncio.Event()
        faults.arm("agent.after_call", draining.set)
        await engine.look(world.services, (await world.run()).id, draining)
        faults.disarm()
        run = await world.run()
        assert (run.state, run.lease_owner, run.attempts) == ("queued", None, 0)
        assert world.town.model is not None
        assert world.town.model.requests[-1].endswith("/change")
        assert world.town.github.world.pulls(world.town.repository) == []

        await world.another_worker()
        await world.settle()
        await world.approver.approve(world.pull_number)
        await world.settle()
        assert_same(await Trace.of(world), undisturbed)


@pytest.mark.slow
async def test_a_killed_worker_of_the_real_service_is_replaced_and_the_run_goes_on(tmp_path: Path) -> None:
    change = [{**ONE_FILE[0]}, {"hang": 1.5, **ONE_FILE[1]}]
    text = script(change=change)
    settings = {"PULLWRIGHT_LEASE_SECONDS": "2", "PULLWRIGHT_HEARTBEAT_SECONDS": "0.5"}
    port = free_port()
    town = open_town(
        tmp_path,
        source(tmp_path),
        webhook_port=port,
        script=Script.parse(text),
        settings=settings,
        policy=AT_ONCE,
    )
    async with town as place, supervise(place.environ, workers=1) as service:
        model = place.model
        assert model is not None

        def asked() -> list[str]:
            return [step for purpose in model.requests if (step := purpose.partition("/")[2]) == "change"]

        issue = await place.requester.open_issue("Add a constant", "Called X.")
        await place.requester.label(issue.number, "pullwright:implement")
        await until(lambda: len(asked()) == 2)
        os.kill(service.pids["worker runs 1"], signal.SIGKILL)

        def ready() -> bool:
            pulls = [one.pull for one in place.github.world.pulls(place.repository)]
            return bool(pulls) and pulls[0] is not None and not pulls[0].draft

        await until(ready)
        assert asked() == ["change"] * 3, "the first turn was recorded, the reply of the second died with the worker"
        assert len(place.github.world.pulls(place.repository)) == 1
        assert len(await place.github.world.branches(place.repository)) == 2


async def until(holds: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for what other processes do."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  # what other processes do has no event here
            await asyncio.sleep(0.05)
