"""Whose turn it is when a worker hears a bell, and how many may be at work at once."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.store import Store, claims, holds, open_store, runs
from core.caps import Caps
from core.names import Epoch, Repo, RunId, WorkerId
from core.runs import Part, Run
from core.states import Trigger

from .examples import LATER, NOW, WORKER, a_run, a_wait, in_seconds, started


def a_repo(repo_id: int, owner: str = "octo") -> Repo:
    return Repo(id=repo_id, owner=owner, name=f"repo{repo_id}", installation_id=len(owner))


async def queued(store: Store, number: int, repo: Repo, seconds: float = 0, **changes: Any) -> RunId:
    return await started(store, number, repo=repo, created_at=in_seconds(seconds), **changes)


async def taken(store: Store, caps: Caps | None = None, now: datetime = LATER) -> RunId | None:
    async with store.begin() as db:
        found = await claims.take(db, WORKER, now, 60, caps or Caps())
    return found[0] if found else None


async def the_order(store: Store, count: int, caps: Caps | None = None) -> list[int]:
    """The numbers of the runs that are taken one after another, none of which ends."""
    order = [await taken(store, caps) for _ in range(count)]
    return [int(run_id.removeprefix("run")) for run_id in order if run_id is not None]


async def ended(store: Store, run_id: RunId, epoch: int = 1) -> None:
    async with store.begin() as db:
        await runs.end(db, run_id, Epoch(epoch), Trigger.finish, "done", None, LATER)


async def test_of_two_accounts_the_one_with_nothing_at_work_comes_first(store: Store):
    crowd, single = a_repo(1), a_repo(2, "ada")
    for number in range(1, 5):
        await queued(store, number, crowd, number)
    await queued(store, 9, single, 100)
    assert await the_order(store, 5) == [1, 9, 2, 3, 4]


async def test_of_two_repositories_of_an_account_the_one_with_less_at_work_comes_first(store: Store):
    for number in (1, 2, 3):
        await queued(store, number, a_repo(1), number)
    await queued(store, 9, a_repo(2), 100)
    assert await the_order(store, 4) == [1, 9, 2, 3]


async def test_a_whole_run_comes_before_the_parts_of_another(store: Store):
    part = Part(step="each", tree=a_run().base_sha)
    soon = LATER - timedelta(minutes=5)
    for number in (1, 2):
        await started(store, number, repo=a_repo(1), parent_id=RunId("run000000099"), part=part, created_at=soon)
    await started(store, 9, repo=a_repo(1), created_at=LATER)
    assert await the_order(store, 3) == [9, 1, 2]


async def test_a_part_that_waited_for_ten_minutes_gives_way_no_more(store: Store):
    part = Part(step="each", tree=a_run().base_sha)
    old = LATER - timedelta(minutes=11)
    await started(store, 1, repo=a_repo(1), parent_id=RunId("run000000099"), part=part, created_at=old)
    await started(store, 9, repo=a_repo(1), created_at=LATER)
    assert await the_order(store, 2) == [1, 9]


async def test_a_run_whose_worker_died_has_its_place_already(store: Store):
    await queued(store, 1, a_repo(1))
    assert await taken(store, now=NOW) == "run000000001"
    await queued(store, 2, a_repo(2, "ada"))
    assert await the_order(store, 2, Caps(total=1)) == [1]


async def test_what_is_put_off_or_waits_in_line_is_nobodys_turn(store: Store):
    run_id = await queued(store, 1, a_repo(1))
    async with store.begin() as db:
        epoch = await runs.claim(db, run_id, WORKER, NOW, 60)
        assert epoch is not None
        await runs.release(db, run_id, epoch, not_before=LATER + timedelta(seconds=1))
    await queued(store, 2, a_repo(1), behind_id=run_id)
    assert await taken(store) is None
    assert await taken(store, now=LATER + timedelta(seconds=1)) == run_id


@pytest.mark.parametrize(
    ("caps", "order"),
    [
        (Caps(total=2), [1, 5]),
        (Caps(per_owner=2), [1, 5, 3]),
        (Caps(per_repository=1), [1, 5, 3]),
        (Caps(per_owner=3, per_repository=2), [1, 5, 3, 2]),
    ],
)
async def test_no_more_are_at_work_than_the_operator_allows(store: Store, caps: Caps, order: list[int]):
    for number, repo in ((1, a_repo(1)), (2, a_repo(1)), (3, a_repo(2)), (4, a_repo(2)), (5, a_repo(3, "ada"))):
        await queued(store, number, repo, number)
    assert await the_order(store, 6, caps) == order


@pytest.mark.parametrize("ends", [True, False])
async def test_the_place_of_a_run_that_ends_or_waits_is_free(store: Store, ends: bool):
    first, second = await queued(store, 1, a_repo(1)), await queued(store, 2, a_repo(1), 1)
    assert [await taken(store, Caps(total=1)), await taken(store, Caps(total=1))] == [first, None]
    async with store.begin() as db:
        if ends:
            await runs.end(db, first, Epoch(1), Trigger.finish, "done", None, LATER)
        else:
            assert await runs.park(db, first, Epoch(1), a_wait())
    assert await taken(store, Caps(total=1)) == second


async def test_claims_at_the_same_moment_never_pass_the_cap_nor_take_the_same(store: Store, other: Store):
    for number in range(1, 13):
        await queued(store, number, a_repo(number % 3, "octo" if number % 2 else "ada"))
    caps = Caps(total=7, per_owner=4, per_repository=3)
    found = await asyncio.gather(*(taken(one, caps) for one in [store, other] * 10))
    got = [run_id for run_id in found if run_id is not None]
    assert len(got) == len(set(got)) == 7
    async with store.read() as db:
        at_work = [await runs.require(db, run_id) for run_id in got]
    assert max(Counter(run.repo.owner for run in at_work).values()) <= 4
    assert max(Counter(run.repo.id for run in at_work).values()) <= 3


async def test_a_claim_waits_for_one_that_is_not_committed_yet(store: Store, other: Store):
    """They choose different runs: neither would meet the other at a row, and both would find the last place free."""
    soon = await queued(store, 1, a_repo(1))
    async with store.begin() as db:
        epoch = await runs.claim(db, soon, WORKER, NOW, 60)
        assert epoch is not None
        await runs.release(db, soon, epoch, not_before=LATER + timedelta(seconds=1))
    now = await queued(store, 2, a_repo(1), 1)
    async with store.begin() as db:
        assert await claims.take(db, WORKER, LATER, 60, Caps(total=1)) == (now, 1)
        at_once = asyncio.create_task(taken(other, Caps(total=1), LATER + timedelta(seconds=2)))
        await asyncio.wait({at_once}, timeout=0.3)  # the chance to go wrong
    assert await at_once is None


async def test_two_hundred_runs_of_one_repository_keep_nobody_elses_waiting(store: Store):
    async with store.begin() as db:
        for number in range(1, 201):
            await runs.insert(db, a_run(number, repo=a_repo(1), created_at=in_seconds(number)))
    workers = 4
    at_work = [await taken(store) for _ in range(workers)]
    single = await queued(store, 999, a_repo(2, "ada"), 3000)
    assert at_work[0] is not None
    await ended(store, at_work[0])
    assert await taken(store) == single


_KINDS = st.tuples(st.sampled_from(["octo", "ada", "bob"]), st.integers(1, 2), st.booleans())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(_KINDS, min_size=1, max_size=14), workers=st.integers(1, 3))
async def test_every_run_has_its_turn_and_each_turn_is_the_fairest(
    sqlite_template: Any, tmp_path: Any, kinds: list[tuple[str, int, bool]], workers: int
):
    """A model: whoever is taken is the least of all that wait, by what was at work then; and all are taken."""
    file = tmp_path / "model.db"
    file.write_bytes(sqlite_template.read_bytes())
    for leftover in ("-wal", "-shm"):
        file.with_name(f"{file.name}{leftover}").unlink(missing_ok=True)
    async with open_store(f"sqlite:///{file}") as store:
        waiting: dict[RunId, Run] = {}
        for number, (owner, repo, whole) in enumerate(kinds, 1):
            part = {} if whole else {"parent_id": "run000000999", "part": Part(step="s", tree=a_run().base_sha)}
            born = LATER - timedelta(minutes=5) + timedelta(seconds=number)
            run = a_run(number, repo=a_repo(10 * len(owner) + repo, owner), created_at=born, **part)
            async with store.begin() as db:
                assert await runs.insert(db, run) is runs.Inserted.started
                waiting[run.id] = await runs.require(db, run.id)
        at_work: list[Run] = []
        bells = len(waiting)
        while bells:
            bells -= 1
            owners, repos = (Counter(run.repo.owner for run in at_work), Counter(run.repo.id for run in at_work))
            fairest = min(
                waiting.values(),
                key=lambda run: (
                    owners[run.repo.owner],
                    repos[run.repo.id],
                    run.parent_id is not None,
                    run.created_at,
                ),
            )
            assert await taken(store) == fairest.id
            at_work.append(waiting.pop(fairest.id))
            if len(at_work) == workers:
                await ended(store, at_work.pop(0).id)
        assert not waiting


async def test_what_is_held_is_nobodys_turn_until_it_is_resumed(store: Store):
    run_id, elsewhere = await queued(store, 1, a_repo(1, "Octo")), await queued(store, 2, a_repo(2, "ada"), 1)
    async with store.begin() as db:
        assert await holds.hold(db, "octo", "REPO1", "the tests are red", NOW)
        assert not await holds.hold(db, "octo", "repo1", "still red", LATER)
        assert await runs.due(db, LATER, 10) == [elsewhere]
    assert [await taken(store), await taken(store)] == [elsewhere, None]
    async with store.begin() as db:
        (hold,) = await holds.all_(db)
        assert (hold.scope, hold.reason, hold.since) == ("octo/repo1", "still red", NOW)
        assert not await holds.resume(db, "octo", "")
        assert await holds.resume(db, "Octo", "repo1")
        assert await runs.due(db, LATER, 10) == [run_id]
    assert await taken(store) == run_id


@pytest.mark.parametrize("scope", [("", ""), ("octo", ""), ("octo", "repo1")])
async def test_a_run_whose_worker_died_is_held_too(store: Store, scope: tuple[str, str]):
    await queued(store, 1, a_repo(1))
    assert await taken(store, now=NOW) is not None
    async with store.begin() as db:
        await holds.hold(db, *scope, "stop", NOW)
        found = await holds.on(db, a_repo(1))
        assert found is not None
        assert found.reason == "stop"
        assert (await holds.on(db, a_repo(3, "ada")) is None) is (scope != ("", ""))
    assert await taken(store) is None


async def test_a_late_heartbeat_is_not_robbed(store: Store):
    run_id = await queued(store, 1, a_repo(1))
    assert await taken(store, now=NOW) == run_id
    async with store.begin() as db:
        assert await runs.renew(db, run_id, Epoch(1), LATER + timedelta(seconds=1))
    assert await taken(store) is None
    async with store.begin() as db:
        assert await claims.take(db, WorkerId("w2"), LATER + timedelta(seconds=2), 60) == (run_id, 2)
