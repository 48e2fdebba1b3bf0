"""The lease of a run while a worker holds it: the fencing epoch, the heartbeat, and the word to stop.

The heartbeat is a thread with a database connection of its own, so that a busy or blocked event loop does not lose
the run. When the lease is lost it tells the loop to stop; if the process has not let go after `GRACE_SECONDS` it is
ended, because another worker may already be at work and GitHub cannot be fenced.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import Store, runs
from adapters.store.sync import renew
from core.clock import Clock
from core.errors import LeaseLost
from core.names import Epoch, RunId, WorkerId

GRACE_SECONDS = 5.0
"""How long a worker that lost its lease, or was told to stop, may take to leave by itself."""

log = structlog.get_logger()


@dataclass
class Lease:
    """One worker's hold on one run."""

    run_id: RunId
    epoch: Epoch
    worker: WorkerId
    store: Store
    clock: Clock
    _stop: BaseException | None = None
    _work: asyncio.Task[None] | None = None
    _timers: list[asyncio.TimerHandle] = field(default_factory=list)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits only while this lease is held. Raises LeaseLost otherwise."""
        async with self.store.begin() as db:
            await runs.guard(db, self.run_id, self.epoch)
            yield db

    def interrupted(self) -> None:
        """Raise what this worker was told, if it was told anything. Called between turns and steps."""
        if self._stop is not None:
            raise self._stop

    def stop(self, why: BaseException, *, now: bool = False) -> None:
        """Tell the work to stop: at its next turn, or at once; after the grace it is cancelled wherever it is.

        Call it on the event loop. The first reason wins.
        """
        if self._stop is not None:
            return
        self._stop = why
        if self._work is None:
            return
        if now:
            self._work.cancel()
        else:
            self._timers.append(asyncio.get_running_loop().call_later(GRACE_SECONDS, self._work.cancel))

    async def hold(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the work; what ended it early is raised as the reason it was told."""
        self._work = asyncio.create_task(work)
        try:
            await self._work
        except asyncio.CancelledError:
            if self._stop is not None:
                raise self._stop from None
            raise
        finally:
            for timer in self._timers:
                timer.cancel()


@asynccontextmanager
async def beating(lease: Lease, *, url: str, lease_seconds: float, every_seconds: float) -> AsyncIterator[None]:
    """Renew the lease from a thread until the block ends."""
    loop = asyncio.get_running_loop()
    over = threading.Event()

    def lost() -> None:
        loop.call_soon_threadsafe(lambda: lease.stop(LeaseLost(lease.run_id), now=True))
        if not over.wait(GRACE_SECONDS):
            # The loop is stuck. Another worker may hold the run: nothing of ours may write any more.
            os._exit(75)

    def beat() -> None:
        while not over.wait(every_seconds):
            until = lease.clock.now() + timedelta(seconds=lease_seconds)
            try:
                renewed = renew(url, lease.run_id, lease.epoch, until)
            except SQLAlchemyError:
                # While the database is away nobody else can take the lease either; the next beat tries again.
                log.warning("heartbeat.missed", run=lease.run_id)
                continue
            if not renewed:
                lost()
                return

    thread = threading.Thread(target=beat, name=f"heartbeat-{lease.run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        await asyncio.to_thread(thread.join, GRACE_SECONDS)
