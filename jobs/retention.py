"""Retention, done: once a day by the clock, or by `pullwright runs prune`.

What is removed is counted or named; what fails is found the next time. Each transaction is short:
`adapters.store.retention`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from adapters import caches
from adapters.artifacts import ArtifactStore
from adapters.git.workspaces import Workspaces
from adapters.settings import Settings
from adapters.store import Store, leases, retention, runs
from core.names import RunId, Value
from core.states import TERMINAL
from jobs.dependencies import LAYERS
from jobs.services import Services
from jobs.sources import SOURCES

LOOK_SECONDS = 600
"""How often the clock looks whether a day has passed."""
DAY_SECONDS = 86_400
BATCH = 50
"""Rows that one transaction deletes; a run takes its steps and its journal along."""
GRACE = timedelta(days=1)
"""A content is stored before the row that names it: one that was stored lately may be named any moment."""

log = structlog.get_logger()


class Pruned(Value):
    """How much was removed, or would be."""

    runs: int = 0
    deliveries: int = 0
    words: int = 0
    """Answers and reactions that belonged to no run."""
    contents: int = 0
    clones: int = 0
    """Clones of runs that are over, left behind on this machine."""
    caches: tuple[str, ...] = ()
    """Mirrors, dependency layers and read sources of this machine that nobody used for long, by their place in the
    data folder."""


async def daily(services: Services) -> None:
    """Prune, where nobody has within a day."""
    now = services.clock.now()
    async with services.store.begin() as db:
        # An owner of its own for each day, so that not even we can take it a second time.
        mine = await leases.take(db, "retention", f"{services.worker} at {now.isoformat()}", now, DAY_SECONDS)
    if mine:
        done = await prune(services.settings, services.store, services.artifacts, services.workspaces, now)
        log.info("retention.done", **done.model_dump())


async def prune(
    settings: Settings,
    store: Store,
    artifacts: ArtifactStore,
    workspaces: Workspaces,
    now: datetime,
    *,
    dry_run: bool = False,
) -> Pruned:
    """Remove what is over for longer than the settings say; with `dry_run` only count it.

    A dry run counts no content that only goes because a run goes.
    """
    run_before = now - timedelta(days=settings.retain_runs_days)
    other_before = now - timedelta(days=settings.retain_deliveries_days)
    return Pruned(
        runs=await _runs(store, run_before, dry_run),
        deliveries=await _rest(store, retention.forget_deliveries, other_before, dry_run),
        words=await _rest(store, retention.forget_words, other_before, dry_run),
        contents=await _contents(store, artifacts, now - GRACE, dry_run),
        clones=await _clones(store, workspaces, dry_run),  # before the mirrors that they borrow from
        caches=await _caches(settings, store, workspaces, now - timedelta(days=settings.retain_caches_days), dry_run),
    )


async def _runs(store: Store, before: datetime, dry_run: bool) -> int:
    count, last = 0, None
    while True:
        async with store.read() as db:
            found = await retention.old_runs(db, before, last, BATCH)
            families = [await retention.family(db, run_id) for run_id in found]
        if not found:
            return count
        last = found[-1]
        gone = [run_id for family in families for run_id in family]
        count += len(gone)
        for start in range(0, 0 if dry_run else len(gone), BATCH):
            async with store.begin() as db:
                await retention.forget_runs(db, gone[start : start + BATCH])


async def _rest(store: Store, forget: retention.Forget, before: datetime, dry_run: bool) -> int:
    if dry_run:
        async with store.read() as db:
            return await retention.count(db, forget, before)
    total = 0
    while True:
        async with store.begin() as db:
            gone = await forget(db, before, BATCH)
        total += gone
        if not gone:
            return total


async def _contents(store: Store, artifacts: ArtifactStore, before: datetime, dry_run: bool) -> int:
    count = 0
    for number in range(256):
        old = await artifacts.old(f"{number:02x}", before)
        for start in range(0, len(old), 500):
            some = old[start : start + 500]
            async with store.read() as db:
                needed = await retention.needed(db, some)
            for digest in some:
                if digest not in needed:
                    count += dry_run or await artifacts.remove(digest, before)
    return count


async def _clones(store: Store, workspaces: Workspaces, dry_run: bool) -> int:
    count = 0
    for name in await workspaces.all_():
        async with store.read() as db:
            run = await runs.get(db, RunId(name))
        if run is None or run.state in TERMINAL:
            count += 1
            if not dry_run:
                await workspaces.remove(RunId(name))
    return count


async def _caches(
    settings: Settings, store: Store, workspaces: Workspaces, before: datetime, dry_run: bool
) -> tuple[str, ...]:
    """What nobody used since then, nobody borrows from and no run at work may have in its box."""
    async with store.read() as db:
        at_work = {str(repository_id) for repository_id in await retention.at_work(db)}
    borrowed, mirrors = await workspaces.borrowed(), workspaces.mirrors
    found: list[tuple[Path, Callable[[Path, datetime], Awaitable[bool]]]] = []
    found += [(path, mirrors.remove) for path in await mirrors.old(before) if path not in borrowed]
    found += [(path, caches.remove) for path in await caches.old(settings.data_dir.absolute() / SOURCES, before)]
    for repository in await asyncio.to_thread(_folders, settings.data_dir / LAYERS):
        if repository.name not in at_work:
            found += [(path, caches.remove) for path in await caches.old(repository, before)]
    gone = [path for path, remove in found if dry_run or await remove(path, before)]
    return tuple(str(path.relative_to(settings.data_dir.absolute())) for path in gone)


def _folders(above: Path) -> list[Path]:
    return sorted(above.absolute().iterdir()) if above.is_dir() else []
