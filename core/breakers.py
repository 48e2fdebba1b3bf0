"""Circuit breakers: a dependency that fails again and again is left alone for a while, by all of our processes.

closed → open after FAILURES in a row within a WINDOW; when its time is over, one probe is let through, and only what
comes of that closes it or opens it again, for twice as long. A dependency that answers, even to refuse us, is there.

`Breaker` is the state and every move of it; `Guard` keeps to it. A pause that GitHub asks for is something else: that
is an answer (`core.pauses`).
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol

from core.clock import Clock
from core.errors import BotError, CircuitOpen, GitHubUnavailable, ModelAway, RateLimited
from core.names import Value

FAILURES = 5
WINDOW = timedelta(minutes=10)
"""In which they must come, or they are not one outage."""
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=10)
PROBE = timedelta(seconds=60)
"""How long the others wait for what comes of a probe."""
AWAY = (ModelAway, GitHubUnavailable)
"""Failures that count. Every other one is an answer: the dependency is there, and the mistake may be ours."""
SHARED_SECONDS = 0.2
"""For how long a closed breaker is believed to be closed still."""


class Breaker(Value):
    """What is known of one dependency. Every move gives the state after it; none looks at a clock."""

    dependency: str
    """`model:<name>`, `index:<host>`, or `github:` and whose requests they are: `app`, `installation:<id>`."""
    failures: int = 0
    """One after another."""
    since: datetime | None = None
    """When the first of them was."""
    openings: int = 0
    """Times in a row that it opened."""
    until: datetime | None = None
    """Nobody asks before; None while it is closed."""
    why: str = ""
    """The last failure, in words for people."""

    def refuses(self, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def probed(self, now: datetime) -> "Breaker":
        """After somebody was let through: where it was open, the others wait for what comes of that."""
        return self if self.until is None else self.model_copy(update={"until": now + PROBE})

    def failed(self, now: datetime, why: str, *, asked: "Breaker") -> "Breaker":
        """After a failure of what was let through in the state `asked`.

        What was on its way when the breaker opened tells nothing new: only the probe opens it for longer.
        """
        if self.until is not None:
            return self._open(now, why) if asked.until == self.until else self
        fresh = self.since is None or now - self.since > WINDOW
        counted = self.model_copy(
            update={"failures": 1 if fresh else self.failures + 1, "since": now if fresh else self.since, "why": why}
        )
        return counted._open(now, why) if counted.failures >= FAILURES else counted

    def answered(self) -> "Breaker":
        return Breaker(dependency=self.dependency)

    def _open(self, now: datetime, why: str) -> "Breaker":
        pause = min(SHORTEST * 2 ** min(self.openings, 10), LONGEST)
        return self.model_copy(update={"openings": self.openings + 1, "until": now + pause, "why": why})


class Breakers(Protocol):
    """Where breakers are known to every process."""

    async def get(self, dependency: str) -> Breaker:
        """The dependency's breaker, closed where nothing ever failed."""
        ...

    async def move(self, dependency: str, change: Callable[[Breaker], Breaker]) -> Breaker:
        """The breaker after the change. Nobody else changes it meanwhile."""
        ...


class Guard:
    """Lets calls to dependencies through, or raises CircuitOpen at once where nobody is to ask."""

    def __init__(self, breakers: Breakers, clock: Clock) -> None:
        self._breakers = breakers
        self._clock = clock
        self._closed_until: dict[str, float] = {}
        """Until when, by the monotonic clock, a dependency without failures is taken to have none."""

    @asynccontextmanager
    async def asking(self, dependency: str) -> AsyncIterator[None]:
        """Around one call with all of its own retries. What it raises tells whether the dependency is there."""
        asked = await self.admitted(dependency)
        try:
            yield
        except BotError as error:
            if isinstance(error, AWAY):
                await self.failed(asked, str(error))
            elif not isinstance(error, RateLimited):
                await self.answered(asked)
            raise
        await self.answered(asked)

    async def admitted(self, dependency: str) -> Breaker:
        """The state in which a call is let through; `failed` or `answered` wants it back, when it is known what came.

        Of several that would probe, one is let through. Raises CircuitOpen.
        """
        if time.monotonic() < self._closed_until.get(dependency, 0.0):
            return Breaker(dependency=dependency)
        breaker, now = await self._breakers.get(dependency), self._clock.now()
        if breaker.until is None:
            if breaker.failures == 0:
                self._closed_until[dependency] = time.monotonic() + SHARED_SECONDS
            return breaker
        let = False

        def let_one(found: Breaker) -> Breaker:
            nonlocal let
            let = not found.refuses(now)
            return found.probed(now) if let else found

        if not breaker.refuses(now):
            breaker = await self._breakers.move(dependency, let_one)
        if not let:
            raise _open(breaker, now)
        return breaker

    async def failed(self, asked: Breaker, why: str) -> None:
        """What was let through in the state `asked` found the dependency away."""
        self._closed_until.pop(asked.dependency, None)
        now = self._clock.now()
        await self._breakers.move(asked.dependency, lambda found: found.failed(now, why, asked=asked))

    async def answered(self, asked: Breaker) -> None:
        """What was let through in the state `asked` found the dependency there."""
        if asked.failures:
            await self._breakers.move(asked.dependency, Breaker.answered)


def _open(breaker: Breaker, now: datetime) -> CircuitOpen:
    until = breaker.until or now
    kind, _, name = breaker.dependency.partition(":")
    what = {"model": f"The model `{name}`", "index": f"The package index `{name}`"}.get(kind, "GitHub")
    return CircuitOpen(
        f"{what} failed {breaker.failures} times in a row, so nobody asks it before {until:%H:%M:%S} UTC. "
        f"{breaker.why}",
        (until - now).total_seconds(),
    )
