"""The paths that runs ship: taken all or none, and given back by the end of the run."""

import asyncio

import sqlalchemy as sa

from adapters.store import Store, runs, scopes
from adapters.store.scopes import InTheWay
from adapters.store.tables import scopes as table
from core.names import Epoch, RunId
from core.states import Trigger

from .examples import NOW, REPO, claimed

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
    assert await take(store, third, "c.py") is None, "whoever waits has nothing"
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
