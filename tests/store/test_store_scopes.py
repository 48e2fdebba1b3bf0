"""The paths that runs ship: taken all or none, and given back by the end of the run."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import Store, open_store, runs, scopes
from adapters.store.scopes import InTheWay
from adapters.store.tables import scopes as table
from core.errors import PathsEntangled
from core.names import Epoch, RunId
from core.states import Trigger

from .examples import NOW, REPO, a_run, claimed

OTHER = RunId("run000000002")


async def take(store: Store, run_id: RunId, *paths: str, repo_id: int = REPO.id) -> InTheWay | None:
    async with store.begin() as db:
        await scopes.lock(db, repo_id)
        return await scopes.take(db, run_id, repo_id, paths)


async def free(store: Store, run_id: RunId) -> list[RunId]:
    async with store.begin() as db:
        await scopes.lock(db, REPO.id)
        return await scopes.free(db, run_id)


async def test_a_path_is_one_runs_until_it_gives_it_back(store: Store):
    first, _ = await claimed(store, 1)
    second, epoch = await claimed(store, 2)
    async with store.begin() as db:
        await runs.set_pull(db, first, Epoch(1), 7)
    assert await take(store, first, "a.py", "b.py") is None
    assert await take(store, first, "a.py", "b.py", "b.py") is None
    assert await take(store, second, "b.py", "c.py") == InTheWay(run_id=first, path="b.py", pull_number=7)
    third, _ = await claimed(store, 3)
    assert await take(store, third, "c.py") == InTheWay(run_id=second, path="c.py", pull_number=None), "it was first"
    assert await take(store, third, "d.py") is None, "nobody wants it"
    assert await take(store, second, "b.py", repo_id=REPO.id + 1) is None, "the path of another repository"
    assert epoch == 1


async def test_the_end_of_a_run_tells_who_waits_for_it(store: Store):
    first, _ = await claimed(store, 1)
    second, _ = await claimed(store, 2)
    third, _ = await claimed(store, 3)
    await take(store, first, "a.py")
    await take(store, second, "a.py")
    await take(store, third, "b.py")
    assert await free(store, first) == [second]
    assert await free(store, first) == []
    assert await take(store, second, "a.py", "b.py") == InTheWay(run_id=third, path="b.py", pull_number=None)
    assert await free(store, second) == []
    assert await free(store, third) == [], "whoever ended waits for nobody"


async def test_a_thousand_paths_are_taken_at_once(store: Store):
    first, _ = await claimed(store, 1)
    second, _ = await claimed(store, 2)
    many = [f"f{number:04}" for number in range(1200)]
    assert await take(store, first, *many) is None
    found = await take(store, second, "z", many[-1])
    assert found is not None
    assert found.path == many[-1]


async def test_of_many_that_want_the_same_paths_at_once_one_has_them_and_all_have_their_turn(
    store: Store, other: Store
):
    """Two paths in opposite orders, as a deadlock would need them."""
    ids = [(await claimed(store, number))[0] for number in range(1, 9)]
    stores = [store, other] * 4

    async def ships(store: Store, run_id: RunId, *paths: str) -> None:
        while await take(store, run_id, *paths) is not None:  # noqa: ASYNC110  # one of two stores: a process apart
            await asyncio.sleep(0)
        async with store.read() as db:
            for path in paths:
                query = sa.select(table.c.run_id).where(table.c.path == path)
                assert (await db.execute(query)).scalar_one() == run_id
        async with store.begin() as db:
            await scopes.lock(db, REPO.id)
            waiting = await scopes.waiting_for(db, run_id)
            await runs.lock_in_order(db, {run_id, *waiting})
            await runs.guard(db, run_id, Epoch(1))
            await scopes.free(db, run_id)
            await runs.end(db, run_id, Epoch(1), Trigger.finish, "merged", None, NOW)

    order = [("a", "b") if number % 2 else ("b", "a") for number in range(len(ids))]
    await asyncio.wait_for(
        asyncio.gather(*(ships(one, run_id, *paths) for one, run_id, paths in zip(stores, ids, order, strict=True))),
        60,
    )


async def test_a_run_with_many_paths_is_not_overtaken_by_those_with_few(store: Store):
    ids = [(await claimed(store, number))[0] for number in range(1, 6)]
    one, many, two, beside, again = ids
    assert await take(store, one, "a.py") is None
    for _ in range(2):
        assert await take(store, many, "a.py", "b.py") == InTheWay(run_id=one, path="a.py", pull_number=None)
        assert await take(store, two, "b.py") == InTheWay(run_id=many, path="b.py", pull_number=None)
    assert await take(store, beside, "c.py") is None
    assert await take(store, again, "b.py", "c.py") == InTheWay(run_id=beside, path="c.py", pull_number=None)
    assert await take(store, one, "a.py") is None, "what it has it may ask for again, whoever waits"
    assert await free(store, one) == [many]
    assert await take(store, two, "b.py") == InTheWay(run_id=many, path="b.py", pull_number=None)
    assert await take(store, many, "a.py", "b.py") is None
    assert await free(store, many) == [two]
    assert await take(store, two, "b.py") is None, "its turn came before that of another one that wants it"


async def test_two_that_ship_and_want_more_do_not_wait_for_each_other_for_ever(store: Store):
    one, two, three = [(await claimed(store, number))[0] for number in range(1, 4)]
    for run_id, path in ((one, "a.py"), (two, "b.py"), (three, "c.py")):
        assert await take(store, run_id, path) is None
    assert await take(store, one, "a.py", "b.py") is not None
    assert await take(store, two, "b.py", "c.py") is not None
    with pytest.raises(PathsEntangled) as refused:
        await take(store, three, "a.py", "c.py")
    assert str(refused.value) == f"Run `{one}` has `a.py`, and waits for what this run ships."
    assert await free(store, three) == [two], "the refusal changed nothing"


RUNS = 6
MOVES = st.lists(st.tuples(st.integers(0, RUNS - 1), st.booleans()), max_size=20)
WANTS = st.lists(st.sets(st.sampled_from("abcd"), min_size=1), min_size=RUNS, max_size=RUNS)
EXAMPLES = itertools.count(1)


@pytest.fixture
def at_once(url: str) -> Iterator[tuple[asyncio.Runner, Store]]:
    """A store, and what runs its coroutines for a property."""
    with asyncio.Runner() as runner:
        opened = open_store(url)
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wants=WANTS, moves=MOVES)
def test_no_path_has_two_runs_nobody_is_overtaken_by_who_came_later_and_all_have_their_turn(
    at_once: tuple[asyncio.Runner, Store], wants: list[set[str]], moves: list[tuple[int, bool]]
):
    """Runs ask and end in any order; then only those ask that are told, and each gets its paths and ends."""
    runner, store = at_once

    async def play() -> None:
        async with store.begin() as db:  # all of it in one: no example pays for a disk
            await _play(db, wants, moves, repo_id=1_000 + next(EXAMPLES))

    runner.run(play())


async def _play(db: AsyncConnection, wants: list[set[str]], moves: list[tuple[int, bool]], repo_id: int) -> None:
    repo = REPO.model_copy(update={"id": repo_id})
    ids: list[RunId] = []
    await scopes.lock(db, repo_id)
    for number in range(RUNS):
        run = a_run(number, id=RunId(f"r{repo_id:05}x{number:05}"), repo=repo, trigger_key=f"{repo_id}:{number}")
        assert await runs.insert(db, run) is runs.Inserted.started
        ids.append(run.id)
    line: list[RunId] = []
    having: dict[RunId, set[str]] = {}
    over: set[RunId] = set()

    async def ask(run_id: RunId) -> None:
        paths = wants[ids.index(run_id)]
        earlier = line[: line.index(run_id)] if run_id in line else line
        before = [] if run_id in having else [*having, *earlier]
        hindering = [one for one in before if one != run_id and wants[ids.index(one)] & paths]
        found = await scopes.take(db, run_id, repo_id, sorted(paths))
        if hindering:
            assert found is not None
            assert found.run_id in hindering
            assert found.path in wants[ids.index(found.run_id)] & paths
            line.extend([run_id] * (run_id not in line))
        else:
            assert found is None
            having[run_id] = paths
            line[:] = [one for one in line if one != run_id]

    async def end(run_id: RunId) -> list[RunId]:
        told = await scopes.free(db, run_id)
        having.pop(run_id, None)
        line[:] = [one for one in line if one != run_id]
        over.add(run_id)
        return told

    pending: list[RunId] = []
    for number, ends in moves:
        if (run_id := ids[number]) not in over:
            pending += await end(run_id) if ends else []
            await ask(run_id) if not ends else None
    pending += [run_id for run_id in ids if run_id not in {*line, *having, *over}]
    while pending or having:
        while pending:
            if (run_id := pending.pop(0)) not in over:
                await ask(run_id)
        if having:
            pending += await end(next(iter(having)))
    assert over == set(ids), "whoever waits is told in the end"
