"""The lease of a run while a worker holds it: the fencing epoch, the heartbeat, and the word to stop.

The heartbeat is a thread with a database connection of its own, so that a busy or blocked event loop does not lose
the run. When the lease is lost it tells the loop to stop; if the process has not let go after `GRACE_SECONDS` it is
ended, because another worker may already be at work and GitHub cannot be fenced.
"""

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
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
    _over: threading.Event = field(default_factory=threading.Event)
    _held_until: float = field(default_factory=time.monotonic)
    _timers: list[asyncio.TimerHandle] = field(default_factory=list)

    @asynccontextmanager
    async def write(self, *, beside: Iterable[RunId] = ()) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits only while this lease is held. Raises LeaseLost otherwise.

        `beside` are other runs that it writes to: all their rows are taken in one order (`runs.lock_in_order`).
        """
        others = set(beside)
        async with self.store.begin() as db:
            if others:
                await runs.lock_in_order(db, {self.run_id, *others})
            await runs.guard(db, self.run_id, self.epoch)
            yield db

    def interrupted(self) -> None:
        """Raise what this worker was told, if it was told anything. Called between turns and steps."""
        if self._stop is not None:
            raise self._stop

    @property
    def goes_on(self) -> bool:
        """Whether this worker was told nothing yet."""
        return self._stop is None

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

    def stands(self) -> bool:
        """Whether nobody else can have the run yet, by this process's own clock; true only while the heart beats.

        Asked right before every write to GitHub, which cannot be fenced: a process that was frozen comes here before
        its heartbeat has found out.
        """
        return time.monotonic() < self._held_until

    def let_go(self) -> None:
        """From here on no heartbeat renews the lease, nor takes its end for a loss. Call it before the write that gives
        the lease up by itself: a beat that comes between would stop what is still to be done afterwards.
        """
        self._over.set()

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
    """Renew the lease from a thread until the block ends, or the lease is let go.

    It is lost when the database says so, and when no renewal came through for as long as a lease lasts: whoever is cut
    off from the database cannot know that others are not, and they may hold the run by now.
    """
    heart = _Heart(lease, url, lease_seconds, every_seconds, asyncio.get_running_loop())
    # With the context of the job, so that their lines say which run they are about.
    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(work,), name=name, daemon=True)
        for name, work in ((f"heartbeat-{lease.run_id}", heart.beat), (f"lease-{lease.run_id}", heart.count))
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        lease.let_go()
        for thread in threads:
            await asyncio.to_thread(thread.join, GRACE_SECONDS)


class _Heart:
    """What the two threads share: one renews, the other counts, since the first may hang where nobody answers.

    The time is counted from before a renewal was asked for, so that it is never longer than what the database wrote,
    and on a clock that nobody sets.
    """

    def __init__(
        self, lease: Lease, url: str, lease_seconds: float, every_seconds: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._lease, self._over = lease, lease._over
        self._url, self._lease_seconds, self._every_seconds = url, lease_seconds, every_seconds
        self._loop = loop
        lease._held_until = time.monotonic() + lease_seconds

    def beat(self) -> None:
        """Renew, again and again."""
        lease = self._lease
        while not self._over.wait(self._every_seconds):
            asked_at = time.monotonic()
            until = lease.clock.now() + timedelta(seconds=self._lease_seconds)
            try:
                renewed = renew(self._url, lease.run_id, lease.epoch, until)
            except SQLAlchemyError:
                # It may be back before the lease runs out; the next beat tries again.
                log.warning("heartbeat.missed")
                continue
            if not renewed:
                self._lost("another worker holds the run, or nobody")
                return
            lease._held_until = asked_at + self._lease_seconds

    def count(self) -> None:
        """Wait until the last renewal is older than a lease."""
        while (left := self._lease._held_until - time.monotonic()) > 0:
            if self._over.wait(left):
                return
        self._lost("the database did not renew it in time")

    def _lost(self, why: str) -> None:
        if self._over.is_set():
            return
        log.warning("heartbeat.lost", why=why)
        self._loop.call_soon_threadsafe(lambda: self._lease.stop(LeaseLost(self._lease.run_id), now=True))
        if not self._over.wait(GRACE_SECONDS):
            # The loop is stuck. Another worker may hold the run: nothing of ours may write any more.
            os._exit(75)
