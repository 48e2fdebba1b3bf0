"""What is over for long enough is forgotten, whole; nothing else is."""

import asyncio
import fcntl
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.artifacts import ArtifactMissing, LocalArtifacts
from adapters.git.command import git
from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import Workspaces
from adapters.settings import load
from adapters.store import Store, artifacts, deliveries, effects, events, retention, runs, steps
from adapters.store.tables import metadata
from adapters.store.tables import runs as table
from core.names import Digest, Epoch, RunId, Sha
from core.runs import Part
from core.states import Trigger
from jobs.retention import Pruned, prune

from .examples import HASH, NOW, WORKER, a_delivery, a_run, an_effect, claimed, started

AFTER = NOW + timedelta(days=91)
"""When a run that ended at NOW is to go."""


async def pruned(store: Store, folder: Path, now: datetime = AFTER, *, dry_run: bool = False) -> Pruned:
    workspaces = Workspaces(folder / "workspaces", Mirrors(folder / "mirrors"))
    files = LocalArtifacts(folder / "artifacts")
    settings = load({"PULLWRIGHT_DATA_DIR": str(folder)})
    return await prune(settings, store, files, workspaces, now, dry_run=dry_run)


async def ended(store: Store, number: int, at: datetime = NOW, **changes: Any) -> RunId:
    """A run that left something in every table that belongs to runs."""
    run_id, epoch = await claimed(store, number, **changes)
    async with store.begin() as db:
        await steps.finish(db, run_id, epoch, "plan", HASH, {"ok": True}, None, NOW)
        await effects.insert(db, an_effect(f"run:{run_id}:x", run_id=run_id))
        await events.append(db, run_id, name="run.ended", actor="pullwright", facts={}, at=NOW)
        await artifacts.record(db, run_id, "plan", HASH, 1, "text/plain", NOW)
        await runs.end(db, run_id, epoch, Trigger.finish, "done", None, at)
    return run_id


async def left(store: Store) -> dict[str, int]:
    async with store.read() as db:
        counts = {
            one.name: (await db.execute(sa.select(sa.func.count()).select_from(one))).scalar_one()
            for one in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


async def test_a_run_goes_with_all_that_belongs_to_it_and_not_a_day_earlier(store: Store, tmp_path: Path):
    await ended(store, 1)
    before = await left(store)
    assert (await pruned(store, tmp_path, NOW + timedelta(days=90))).runs == 0
    assert (await pruned(store, tmp_path, dry_run=True)).runs == 1
    assert await left(store) == before
    assert (await pruned(store, tmp_path)).runs == 1
    assert await left(store) == {}


async def test_nothing_unfinished_goes_nor_what_it_belongs_to_or_waits_for(store: Store, tmp_path: Path):
    part = Part(step="each", tree=a_run().base_sha)
    parent = await ended(store, 1)
    child = await started(store, 2, parent_id=parent, part=part)
    before = await ended(store, 3)
    follower = await started(store, 4, behind_id=before)
    assert (await pruned(store, tmp_path)).runs == 0
    async with store.begin() as db:
        await db.execute(sa.update(table).where(table.c.id == follower).values(behind_id=None))
        for run_id in (child, follower):
            epoch = await runs.claim(db, run_id, WORKER, NOW, 60)
            assert epoch is not None
            await runs.end(db, run_id, Epoch(epoch), Trigger.finish, "done", None, AFTER)
    assert (await pruned(store, tmp_path)).runs == 3
    async with store.read() as db:
        assert [run.id for run in await runs.recent(db, 10)] == [follower]


async def test_every_part_goes_before_what_it_is_a_part_of_so_that_an_early_end_leaves_none_that_nobody_finds(
    store: Store,
):
    part = Part(step="each", tree=a_run().base_sha)
    whole = await ended(store, 1)
    subs = [await ended(store, number, parent_id=whole, part=part) for number in (2, 3)]
    items = [await ended(store, number, parent_id=subs[number % 2], part=part) for number in (4, 5, 6)]
    async with store.read() as db:
        found = await retention.family(db, whole)
    assert (set(found[:3]), set(found[3:5]), found[5]) == ({*items}, {*subs}, whole)


@pytest.mark.slow
async def test_more_runs_than_one_batch_go_at_once_with_their_parts(store: Store, tmp_path: Path):
    for number in range(1, 61):
        await ended(store, number)
    part = Part(step="each", tree=a_run().base_sha)
    for number in range(61, 121):
        await ended(store, number, parent_id=RunId("run000000001"), part=part)
    assert (await pruned(store, tmp_path)).runs == 120
    assert await left(store) == {}


async def test_a_delivery_goes_when_it_is_settled_for_long_enough(store: Store, tmp_path: Path):
    old, late, waits = a_delivery("old"), a_delivery("late", received_at=NOW + timedelta(days=2)), a_delivery("waits")
    async with store.begin() as db:
        await deliveries.insert(db, [old, late, waits])
        await deliveries.routed(db, old, "done", NOW)
        await deliveries.routed(db, late, "done", NOW + timedelta(days=2))
        await effects.insert(db, an_effect("say:1", run_id=None))
        await effects.insert(db, an_effect("say:2", run_id=None))
        await effects.done(db, "say:1", {})
    now = NOW + timedelta(days=31)
    assert (await pruned(store, tmp_path, now, dry_run=True)).model_dump() == {
        "runs": 0,
        "deliveries": 1,
        "words": 1,
        "contents": 0,
        "clones": 0,
        "caches": (),
    }
    assert (await pruned(store, tmp_path, now)).deliveries == 1
    async with store.read() as db:
        assert await deliveries.known(db, ["old", "late", "waits"]) == {"late", "waits"}
        assert await effects.unsettled_loose(db) == 1


async def test_a_content_stays_while_any_run_has_it_or_it_was_stored_lately(store: Store, tmp_path: Path):
    files = LocalArtifacts(tmp_path / "artifacts")
    shared, output, orphan, fresh = [await files.put(text) for text in (b"shared", b"output", b"orphan", b"fresh")]
    for address in (shared, output, orphan):
        _age(tmp_path, address)
    run_id, epoch = await claimed(store, 1)
    async with store.begin() as db:
        await artifacts.record(db, run_id, "diff", shared, 1, "text/plain", NOW)
        nested = {"rounds": [{"output_digest": output}]}
        await steps.finish(db, run_id, epoch, "tests", HASH, nested, None, NOW)
    assert (await pruned(store, tmp_path, NOW)).contents == 0, "NOW is long before these files were written"
    today = datetime.now(NOW.tzinfo)
    assert (await pruned(store, tmp_path, today, dry_run=True)).contents == 1
    assert (await pruned(store, tmp_path, today)).contents == 1
    with pytest.raises(ArtifactMissing):
        await files.get(orphan)
    assert [await files.get(one) for one in (shared, output, fresh)] == [b"shared", b"output", b"fresh"]


async def test_a_content_that_is_stored_again_meanwhile_is_not_removed(tmp_path: Path):
    files = LocalArtifacts(tmp_path / "artifacts")
    address = await files.put(b"diff")
    _age(tmp_path, address)
    an_hour_ago = datetime.now(NOW.tzinfo) - timedelta(hours=1)
    assert await files.old(address[:2], an_hour_ago) == [address]
    assert await files.put(b"diff") == address
    assert not await files.remove(address, an_hour_ago)
    assert await files.get(address) == b"diff"


async def test_the_clone_of_a_run_that_is_over_goes(store: Store, tmp_path: Path):
    over, at_work = await ended(store, 1), await started(store, 2)
    for name in (over, at_work, "run000000009", "new-abc"):
        (tmp_path / "workspaces" / name / "git").mkdir(parents=True)
    assert (await pruned(store, tmp_path, NOW)).clones == 2
    assert sorted(path.name for path in (tmp_path / "workspaces").iterdir()) == ["new-abc", at_work]


async def test_caches_that_nobody_used_for_a_month_go_and_none_that_is_needed(store: Store, tmp_path: Path):
    (waits, _), at_work = await claimed(store, 1), a_run(1).repo.id
    day = timedelta(days=1)
    places = {
        "mirrors/7.git/objects/pack": 31,
        "mirrors/8.git/objects": 29,
        "mirrors/9.git/objects": 31,
        "mirrors/new-abc/git": 31,
        "sources/7.json": 31,
        "sources/8-owner.json": 29,
        "layers/7/abc/deps": 31,
        "layers/7/def/deps": 29,
        "layers/7/abc.run000000009/deps": 31,
        f"layers/{at_work}/abc/deps": 31,
    }
    now = datetime.now(NOW.tzinfo)
    for place, days in places.items():
        (tmp_path / place).mkdir(parents=True)
        deep = 3 if place.startswith("layers") else 2
        _last_used(tmp_path.joinpath(*Path(place).parts[:deep]), now - days * day)
    (tmp_path / "mirrors" / "9.lock").touch()
    _last_used(tmp_path / "mirrors" / "9.lock", now - 99 * day)
    borrows = tmp_path / "workspaces" / waits / "git" / "objects" / "info" / "alternates"
    borrows.parent.mkdir(parents=True)
    borrows.write_text(f"{tmp_path}/mirrors/9.git/objects\n")
    unused = ("mirrors/7.git", "mirrors/new-abc", "sources/7.json", "layers/7/abc", "layers/7/abc.run000000009")
    assert (await pruned(store, tmp_path, now, dry_run=True)).caches == unused
    assert all((tmp_path / place).is_dir() for place in places)
    assert (await pruned(store, tmp_path, now)).caches == unused
    left = {place for place in places if (tmp_path / place).is_dir()}
    assert left == {place for place in places if not place.startswith(unused)}
    assert (await pruned(store, tmp_path, now)).caches == ()
    assert list(tmp_path.glob("*/gone-*")) == []


async def test_a_mirror_is_not_removed_once_somebody_looked_into_it_or_while_somebody_fetches(tmp_path: Path):
    mirrors, before = Mirrors(tmp_path), datetime.now(NOW.tzinfo) - timedelta(days=1)
    for number in (1, 2):
        await git("init", "--quiet", "--bare", git_dir=_made(tmp_path / f"{number}.git"))
        _last_used(tmp_path / f"{number}.git", before - timedelta(days=1))
    found = await mirrors.old(before)
    assert [path.name for path in found] == ["1.git", "2.git"]
    assert not await mirrors.has(1, Sha("a" * 40))
    assert not await mirrors.remove(found[0], before)
    assert found[0].is_dir()
    with (tmp_path / "2.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(mirrors.remove(found[1], before), timeout=0.05)
    assert found[1].is_dir()
    assert await mirrors.remove(found[1], before)
    assert not found[1].exists()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _age(folder: Path, address: Digest) -> None:
    """As if it had been stored ten days ago."""
    file = folder / "artifacts" / address[:2] / address
    _last_used(file, datetime.fromtimestamp(file.stat().st_mtime, NOW.tzinfo) - timedelta(days=10))


def _last_used(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))
