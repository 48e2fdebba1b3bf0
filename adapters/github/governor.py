"""The governor: while GitHub asks one of our callers to pause, none of our processes sends a request in its name.

A request made during a pause lengthens it, and in the end the App is blocked. What this process hears it keeps to from
that moment on, also where a request waited for its turn or for a connection meanwhile.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from core.clock import Clock
from core.errors import RateLimited
from core.pauses import Pause, Pauses

MOST_AT_ONCE = 20
"""Requests of one process for one caller; GitHub allows an installation a hundred, and there are several workers."""
SHARED_SECONDS = 0.2
"""For how long the answer that nobody pauses is believed: what another process learns is seen this much later."""


class Governor:
    """Lets requests through, a bounded number at a time, and none during a pause.

    `most_of_all` is how many connections there are: whoever must wait for one waits here, where pauses are heard of.
    """

    def __init__(self, pauses: Pauses, clock: Clock, most_of_all: int = 50) -> None:
        self._pauses = pauses
        self._clock = clock
        self._own: dict[str, Pause] = {}
        self._all = asyncio.Semaphore(most_of_all)
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(MOST_AT_ONCE))
        self._free_until: dict[str, float] = {}
        """Until when, by the monotonic clock, the caller is taken to be free."""

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """A turn to send one request. Raises RateLimited, and nothing is sent, while the caller must pause.

        A pause that is told inside the block is known to whoever waits for a turn before it gets one.
        """
        async with self._turns[caller], self._all:
            await self.admit(caller)
            yield

    async def admit(self, caller: str) -> None:
        """Raises RateLimited, with the seconds that are left, while the caller must pause."""
        self.still_admitted(caller)
        if time.monotonic() < self._free_until.get(caller, 0.0):
            return
        shared = await self._pauses.running(caller, self._clock.now())
        if shared is None:
            self._free_until[caller] = time.monotonic() + SHARED_SECONDS
        else:
            self._keep(shared)
        # Not `shared` alone: what this process heard while the store was read counts as well.
        self.still_admitted(caller)

    def still_admitted(self, caller: str) -> None:
        """As `admit`, by what this process knows already: for the moment before a request is written."""
        pause, now = self._own.get(caller), self._clock.now()
        if pause is not None and pause.until > now:
            left = (pause.until - now).total_seconds()
            raise RateLimited(f"GitHub asked us to pause for {left:.0f} s more. {pause.why}", left)

    async def pause(self, caller: str, seconds: float, why: str) -> None:
        """GitHub asked the caller to wait: everybody hears of it, those in this process at once."""
        told = Pause(caller=caller, until=self._clock.now() + timedelta(seconds=seconds), why=why)
        self._keep(told)
        await self._pauses.record(told)

    def _keep(self, pause: Pause) -> None:
        known = self._own.get(pause.caller)
        if known is None or known.until < pause.until:
            self._own[pause.caller] = pause
