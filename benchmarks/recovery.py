"""How long a run rests when the worker that has it is killed: from the SIGKILL until another worker holds the run.

At default settings: a lease of 60 seconds, renewed every 15, and a clock that looks every 15. The baseline is what was
left of the lease at the kill, since before that nobody can know that the worker is dead; the rest is ours.
"""

import asyncio
import contextlib
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

from adapters.settings import Settings
from adapters.store import Store, open_store, runs, steps
from benchmarks.figures import Bound, Figure, Report
from benchmarks.story import played
from bot.up import Service
from core.runs import Run
from core.states import RunState

BOUND_SECONDS = 90.0
AT_STEP = "change"
"""The worker dies while this step is under way: the plan was approved, and the model is at work."""
_LOOK_SECONDS = 0.02


async def measure() -> Report:
    """One story, with one death in it. The story must end as if nothing had been."""
    found: list[tuple[float, float]] = []
    async with contextlib.AsyncExitStack() as stack:

        async def before(service: Service) -> None:
            store = await stack.enter_async_context(open_store(service.settings.database_url))
            watching = asyncio.create_task(_kill_and_wait(service, store, found))
            stack.push_async_callback(_over, watching)

        await played(before=before, settings=_defaults())
    if not found:
        raise SystemExit(f"No worker was at work in the step `{AT_STEP}`: there was nobody to kill.")
    rested, left = found[0]
    figure = Figure(
        "killed worker replaced",
        rested,
        "s",
        baseline=left,
        against="what was left of its lease",
        bound=Bound("measured", "at most", BOUND_SECONDS),
    )
    return Report((figure,))


def _defaults() -> dict[str, str]:
    """The settings that decide, as they are where nobody set them: the demo's clock is quicker."""
    names = ("lease_seconds", "heartbeat_seconds", "clock_seconds")
    return {f"PULLWRIGHT_{name.upper()}": str(Settings.model_fields[name].default) for name in names}


async def _kill_and_wait(service: Service, store: Store, found: list[tuple[float, float]]) -> None:
    """Kill the worker at its work; how long it took until another had the run, and what was left of the lease."""
    run = await _at_work(store)
    assert run.lease_until is not None
    left = (run.lease_until - datetime.now(UTC)).total_seconds()
    os.kill(_worker(run, service), signal.SIGKILL)
    killed = time.monotonic()
    while (await _newest(store)).epoch == run.epoch:  # noqa: ASYNC110  # another process's write has no event here
        await asyncio.sleep(_LOOK_SECONDS)
    found.append((time.monotonic() - killed, left))


async def _at_work(store: Store) -> Run:
    while True:
        async with store.read() as db:
            for run in await runs.recent(db, 1):
                step = await steps.get(db, run.id, AT_STEP)
                if step is not None and step.state == "started" and run.state is RunState.running:
                    return run
        await asyncio.sleep(_LOOK_SECONDS)


async def _newest(store: Store) -> Run:
    async with store.read() as db:
        return (await runs.recent(db, 1))[0]


def _worker(run: Run, service: Service) -> int:
    """The worker whose child holds the lease: the child's number is the end of the owner's name."""
    horse = (run.lease_owner or "").rpartition("-")[2]
    parent = int(Path(f"/proc/{horse}/stat").read_text().rpartition(")")[2].split()[1])
    assert parent in service.pids.values()
    return parent


async def _over(task: "asyncio.Task[None]") -> None:
    """A watch that failed says so; one that still waits is not needed any more."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
