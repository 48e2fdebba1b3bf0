"""What a thousand runs cost that wait: no process of their own, and next to nothing of the clock's time.

Two clocks at default settings, as the service starts them: one whose store holds a thousand runs that wait for a time
to come, and beside it, in the same seconds, one whose store holds none.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import make_url

from adapters.settings import Settings
from adapters.store import runs
from adapters.store.tables import leases
from benchmarks.copies import copy
from benchmarks.empty import Place, place
from benchmarks.figures import Bound, Figure, Report
from bot.up.children import Child, Keeper
from core.states import RunState
from jobs import engine
from jobs.steps import perform

WAITING = 1_000
SECONDS = 31.0
"""Two looks of the clock and what is between them."""
BOUND_PERCENT = 1.0
_WORKFLOW = "name: waits\non: {command: waits}\nsteps:\n  - {id: pause, wait: 30d}\n"


async def measure() -> Report:
    """Of the processor's time, in percent of one core."""
    defaults = {"PULLWRIGHT_CLOCK_SECONDS": str(Settings.model_fields["clock_seconds"].default)}
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        async with AsyncExitStack() as stack:
            full, bare = [
                await stack.enter_async_context(place(Path(folder, name), settings=defaults, perform=perform))
                for name in ("full", "bare")
            ]
            await _park(full)
            clocks = [await stack.enter_async_context(_clock(at, Path(folder))) for at in (full, bare)]
            for at in (full, bare):
                await _leads(at)  # what a process does once, to start, is no part of it
            before = [_cpu_seconds(pid) for pid in clocks]
            await asyncio.sleep(SECONDS)
            used, least = (100 * (_cpu_seconds(pid) - was) / SECONDS for pid, was in zip(clocks, before, strict=True))
            await _still_waiting(full)
            children = len(Path(f"/proc/{clocks[0]}/task/{clocks[0]}/children").read_text().split())
    return Report(
        (
            Figure(
                f"CPU of the clock, {WAITING:,} waiting runs",
                used,
                "%",
                baseline=least,
                against="no runs",
                bound=Bound("measured", "at most", BOUND_PERCENT),
            ),
            Figure("processes of waiting runs", children, "processes", bound=Bound("measured", "at most", 0)),
        )
    )


async def _park(at: Place) -> None:
    run_id = await at.begin(_WORKFLOW)
    await engine.look(at.services, run_id, asyncio.Event())
    database = make_url(at.services.settings.database_url).database
    assert database is not None
    copy(Path(database), run_id, WAITING - 1)
    await _still_waiting(at)


async def _still_waiting(at: Place) -> None:
    async with at.services.store.read() as db:
        found = await runs.counts(db)
    if found[RunState.waiting] != WAITING:
        raise SystemExit(f"{WAITING:,} runs should be waiting, and {found[RunState.waiting]:,} are.")


async def _leads(at: Place) -> None:
    """Wait until this place's clock is at work."""
    while True:
        async with at.services.store.read() as db:
            if (await db.execute(sa.select(leases.c.owner).where(leases.c.name == "clock"))).first():
                return
        await asyncio.sleep(0.1)


@asynccontextmanager
async def _clock(at: Place, folder: Path) -> AsyncIterator[int]:
    """The clock of this place, with a Redis to ring; its process id."""
    with Path(folder, "clock.log").open("ab") as log:  # noqa: ASYNC230  # one local file, before anything is measured
        keepers = [Keeper(Child(name, (name,)), dict(at.town.environ), log) for name in ("redis", "clock")]
        try:
            while (pid := keepers[1].pid) is None:  # noqa: ASYNC110  # a keeper tells nobody that it has begun
                await asyncio.sleep(0.05)
            yield pid
        finally:
            for keeper in reversed(keepers):
                await keeper.stop(10)


def _cpu_seconds(pid: int) -> float:
    """What all threads of the process have used of a processor (proc_pid_schedstat counts nanoseconds)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int(Path(task, "schedstat").read_text().split()[0]) for task in tasks) / 1e9
