"""A worker that dies anywhere while a list is gone through, and many workers at once: every item is done once, and what
comes of it is what one worker makes of it that nothing happens to."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from story_deaths import OF_LISTS, Deaths, Died, fault_points, survive
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.doorbell import SilentDoorbell
from adapters.settings import load
from adapters.store import dead_letters, events, parts, runs, steps
from bot.demo.github import git
from core import faults
from core.names import RunId
from core.states import TERMINAL, RunState
from jobs import engine
from jobs.services import Services, open_services

LIST = """
name: lists
steps:
  - {id: names, run: "echo '[1, 2, 3, 4, 5]'", capture: {format: json}}
  - id: each
    foreach:
      in: "${{ steps.names.output }}"
      max_parallel: 2
      collect: "${{ [item, steps.fine.repairs] }}"
      steps:
        - id: make
          run: {script: "echo $N > item-$N.txt; test $N -lt 4 || echo $N > last.txt; test $N -ne 2", writes: true}
          env: {N: "${{ item }}"}
        - {id: fine, check: {uses: fine}}
  - {id: look, run: "cat last.txt; ls", capture: {format: lines}}
  - {id: ship, ship: {title: "go through a list"}}
"""
CHECKS = {"fine": {"run": "test ! -e red.txt", "tests": []}}
SCRIPT: Mapping[str, Any] = {
    "each/merge:0:4": [
        {"write": {"path": "last.txt", "content": "4 and 5\n"}},
        {"submit": {"title": "keep both", "kind": "chore", "summary": "Both."}},
    ]
}


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@asynccontextmanager
async def told(folder: Path, **settings: str) -> AsyncIterator[World]:
    source_ = source(folder, checks=CHECKS)
    async with quick_world(folder, source=source_, policy=AT_ONCE, script=SCRIPT, settings=settings) as world:
        yield world


@dataclass(frozen=True)
class Account:
    """What came of the list, and how often anything was done for it."""

    ended: tuple[str, str]
    each: Mapping[str, Any]
    shown: Any
    parts: Mapping[tuple[int, int], str]
    merged: Mapping[int, int]
    """How often each item is told of as merged or failed."""
    letters: frozenset[tuple[str, int]]
    comments: int

    @classmethod
    async def of(cls, world: World, run_id: RunId) -> "Account":
        async with world.services.store.read() as db:
            run = await runs.require(db, run_id)
            memos = {memo.key: memo.output for memo in await steps.all_(db, run_id)}
            found = await parts.of_step(db, run_id, "each")
            journal = await events.of_run(db, run_id)
            letters = await dead_letters.unsettled(db)
            for one in found:
                assert events.verify(await events.of_run(db, one.id), await events.head(db, one.id)) is None
        assert len({(one.part.index, one.part.attempt) for one in found}) == len(found), "no item began twice"
        return cls(
            ended=(run.state, run.ended_why or ""),
            each=memos["each"],
            shown=memos.get("look", {}).get("output"),
            parts={(one.part.index, one.part.attempt): one.state for one in found},
            merged=Counter(e.facts["index"] for e in journal if e.name in {"part.merged", "part.failed"}),
            letters=frozenset((letter.code, letter.part.index) for letter in letters if letter.part is not None),
            comments=len(world.replies(run.subject.number)),
        )


_undisturbed: list[Account] = []


@pytest.fixture
async def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """The account of the story in which nobody dies; played once."""
    if not _undisturbed:
        async with told(tmp_path_factory.mktemp("undisturbed")) as world:
            run_id = await begin(world, LIST)
            await world.settle()
            _undisturbed.append(await Account.of(world, run_id))
    return _undisturbed[0]


@pytest.mark.slow
async def test_undisturbed_the_story_has_a_failed_item_a_conflict_and_all_others_merged(undisturbed: Account) -> None:
    assert undisturbed.ended == ("succeeded", "#2 is open, and waits for people")
    made = [f"item-{number}.txt" for number in (1, 3, 4, 5)]
    assert undisturbed.shown[:1] == ["4 and 5"]
    assert [line for line in undisturbed.shown if line.startswith("item-")] == made
    assert undisturbed.letters == {("command-failed", 1)}
    assert set(undisturbed.merged.values()) == {1}
    assert undisturbed.comments == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", [point for point in fault_points(of_lists=True) if not point.startswith("store.")])
async def test_a_death_at_this_point_is_not_seen_by_anybody(tmp_path: Path, undisturbed: Account, name: str) -> None:
    async with told(tmp_path) as world:
        run_id = await begin(world, LIST)
        deaths = Deaths(name, every=3 if name.startswith(OF_LISTS) else 4)
        await survive(world)
        assert deaths.died > 0, "the story comes by every point"
        assert await Account.of(world, run_id) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("first", range(7))
@pytest.mark.parametrize("name", ["store.before_commit", "store.after_commit"])
async def test_a_death_at_any_transaction_is_not_seen_by_anybody(
    tmp_path: Path, undisturbed: Account, name: str, first: int
) -> None:
    async with told(tmp_path) as world:
        run_id = await begin(world, LIST)
        deaths = Deaths(name, every=29, first=first * 4)
        await survive(world)
        assert deaths.died > 0
        assert await Account.of(world, run_id) == undisturbed


# Many workers ----------------------------------------------------------------------------------------------------

ITEMS = 200


def many(items: int, at_once: int) -> str:
    """Each item writes its own line of a file that all share; one of ten fails."""
    script = 'sed -i "$((N * 3 + 1))s/.*/item $N/" shared.txt; test $((N % 10)) -ne 3'
    step = {"id": "make", "run": {"script": script, "writes": True}, "env": {"N": "${{ item }}"}}
    each = {"in": list(range(items)), "max_parallel": at_once, "collect": "${{ item }}", "steps": [step]}
    lines = {"id": "lines", "run": {"script": f"seq {items * 3} > shared.txt", "writes": True}}
    return yaml.safe_dump({"name": "many", "steps": [lines, {"id": "each", "foreach": each}]}, sort_keys=False)


async def worked(world: World, run_id: RunId, workers: int, *, dies: bool = False) -> int:
    """Let so many workers do it, one of which dies in the middle of its work; how many died."""
    passed = died = 0

    def strike() -> None:
        nonlocal passed, died
        passed += 1
        if dies and passed == 15:
            died += 1
            raise Died

    faults.arm("step.before_outcome", strike)
    async with AsyncExitStack() as stack:
        hands = [await stack.enter_async_context(_hands(world)) for _ in range(workers)]
        loops = [asyncio.create_task(_loop(services, run_id)) for services in hands]
        came = await asyncio.gather(*loops, return_exceptions=True)
    wrong = [one for one in came if isinstance(one, BaseException) and not isinstance(one, Died)]
    assert wrong == []
    return died


@asynccontextmanager
async def _hands(world: World) -> AsyncIterator[Services]:
    async with open_services(load(world.town.environ), world.clock) as services:
        yield replace(services, doorbell=SilentDoorbell())


async def _loop(services: Services, run_id: RunId) -> None:
    """Look at whatever is due, until the run is over."""
    draining = asyncio.Event()
    while True:
        async with services.store.begin() as db:
            if (await runs.require(db, run_id)).state in TERMINAL:
                return
            now = services.clock.now()
            due = await runs.due(db, now, 1)
            for one in due:
                await runs.wake(db, one, now)
        if due:
            await engine.look(services, due[0], draining)
        else:
            await asyncio.sleep(0.05)


async def tree_of(world: World, run_id: RunId) -> str:
    async with world.services.store.read() as db:
        memo = await steps.get(db, run_id, "each")
    assert memo is not None
    return str(memo.output["tree"])


def fails(item: int) -> bool:
    return item % 10 == 3


async def tree_by_hand(world: World, items: int) -> str:
    """What the default branch is with the changes of all good items, one after the other; nothing of ours has a part in
    it."""
    lines = [f"{number + 1}" for number in range(items * 3)]
    for item in range(items):
        if not fails(item):
            lines[item * 3] = f"item {item}"
    path, shared = world.town.repository.path, "".join(f"{line}\n" for line in lines)
    blob = await _made(path, "hash-object", "-w", "--stdin", given=shared)
    base = await git.text(path, "ls-tree", "refs/heads/main")
    return await _made(path, "mktree", given=f"{base}\n100644 blob {blob}\tshared.txt\n")


async def _made(path: Path, *arguments: str, given: str) -> str:
    code, out, error = await git.run(path, *arguments, stdin=given.encode())
    assert code == 0, error
    return out.decode().strip()


async def assert_each_item_once(world: World, run_id: RunId, items: int) -> None:
    """Every item is finished once; the failed ones are told, and the others make the tree that they make by hand."""
    async with world.services.store.read() as db:
        run = await runs.require(db, run_id)
        memo = await steps.get(db, run_id, "each")
        found = await parts.of_step(db, run_id, "each")
        journal = await events.of_run(db, run_id)
        letters = await dead_letters.unsettled(db)
    assert run.state == "succeeded", run.ended_why
    assert memo is not None
    failing = [number for number in range(items) if fails(number)]
    assert [one["index"] for one in memo.output["failures"]] == failing
    assert [one["output"] for one in memo.output["items"]] == [n for n in range(items) if n not in failing]
    assert Counter(one.state for one in found) == {
        RunState.succeeded: items - len(failing),
        RunState.failed: len(failing),
    }
    told_of = [e.facts["index"] for e in journal if e.name in {"part.merged", "part.failed"}]
    assert told_of == list(range(items)), "once each, in the order of the list"
    assert {(one.code, one.why) for one in letters} == {("command-failed", "The command of `make` ended with 1.")}
    assert sorted(one.part.index for one in letters if one.part is not None) == failing
    assert await tree_of(world, run_id) == await tree_by_hand(world, items)


@pytest.mark.slow
async def test_many_workers_make_of_a_list_what_one_makes_of_it_item_by_item(tmp_path: Path) -> None:
    async with told(tmp_path) as world:
        serial = await begin(world, many(20, 1))
        await worked(world, serial, 1)
        together = await begin(world, many(20, 8))
        await worked(world, together, 4)
        assert await tree_of(world, serial) == await tree_of(world, together) == await tree_by_hand(world, 20)


BEATS = {"PULLWRIGHT_LEASE_SECONDS": "6", "PULLWRIGHT_HEARTBEAT_SECONDS": "1"}


@pytest.mark.slow
async def test_two_hundred_items_on_four_workers_of_which_one_dies_are_each_done_once_and_the_failed_ones_told(
    tmp_path: Path,
) -> None:
    async with told(tmp_path, **BEATS) as world:
        run_id = await begin(world, many(ITEMS, 8))
        assert await worked(world, run_id, 4, dies=True) == 1
        await assert_each_item_once(world, run_id, ITEMS)


@pytest.mark.slow
async def test_on_postgresql_too_every_item_is_done_once_though_a_worker_dies(
    tmp_path: Path, postgresql_url: str
) -> None:
    async with told(tmp_path, PULLWRIGHT_DATABASE_URL=postgresql_url, **BEATS) as world:
        run_id = await begin(world, many(30, 6))
        assert await worked(world, run_id, 3, dies=True) == 1
        await assert_each_item_once(world, run_id, 30)
