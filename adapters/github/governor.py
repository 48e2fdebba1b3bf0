"""The governor: no request leaves that GitHub's limits have no room for, and none while it asks us to pause.

A request made during a pause lengthens it, and in the end the App is blocked. What this process hears it keeps to from
that moment on, also where a request waited for its turn or for a connection meanwhile. What all processes together may
send is counted in `core.allowance`; whoever has to wait for longer than a moment is told a time to come back at.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import asyncio
import contextlib
import re
import secrets
import time
from asyncio import sleep
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.github.answers import Answer
from core.allowance import AT_ONCE, COST, Allowance, Allowances, Grant, Heard, Kind, OwnAllowances, Wait
from core.clock import Clock
from core.errors import BotError, RateLimited
from core.pauses import Pause, Pauses

MOST_AT_ONCE = AT_ONCE
SHARED_SECONDS = 0.2
"""For how long the answer that nobody pauses is believed: what another process learns is seen this much later."""
PATIENCE_SECONDS = 5.0
"""For how long a request waits here for room. Who has to wait for longer does other things meanwhile."""

_UNTOLD = re.compile(r"/(reactions|labels|assignees|check-runs|check-suites|statuses|access_tokens|attempts)\b|/git/")
"""Writes that notify nobody."""


_ISSUE = re.compile(r"/repos/[^/]+/[^/]+/issues/[0-9]+$")
"""An issue's text is content, whoever is told of an edit."""


def kind_of(method: str, path: str) -> Kind:
    """What GitHub counts a request as. Its documentation of an endpoint says where one "triggers notifications"; what
    is not known to be quiet is taken for such a one."""
    if method == "GET":
        return "read"
    if method == "PATCH" and _ISSUE.search(path):
        return "content"
    return "write" if method not in {"POST", "PUT"} or _UNTOLD.search(path) else "content"


class Governor:
    """Lets requests through, a bounded number at a time, as GitHub's limits allow, and none during a pause.

    `most_of_all` is how many connections there are: whoever must wait for one waits here, where pauses are heard of.
    """

    def __init__(
        self, pauses: Pauses, clock: Clock, most_of_all: int = 50, allowances: Allowances | None = None
    ) -> None:
        self._pauses = pauses
        self._clock = clock
        self._own: dict[str, Pause] = {}
        self._all = asyncio.Semaphore(most_of_all)
        self._turns: defaultdict[str, _Turns] = defaultdict(_Turns)
        self._free_until: dict[str, float] = {}
        """Until when, by the monotonic clock, the caller is taken to be free."""
        self._allowances = allowances or OwnAllowances()
        self._name = secrets.token_hex(6)
        """Which process this is, to the others."""
        self._grants: dict[str, Grant] = {}
        self._heard: dict[str, Heard] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, caller: str, kind: Kind = "read") -> AsyncIterator[None]:
        """A turn to send one request. Raises RateLimited, and nothing is sent, while the caller must pause, or where
        there is no room for it soon.

        A pause that is told inside the block is known to whoever waits for a turn before it gets one.
        """
        async with self._turns[caller].one(), self._all:
            await self.admit(caller)
            await self.afford(caller, kind)
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

    async def afford(self, caller: str, kind: Kind) -> None:
        """Count one request, after a short wait where there is no room for it now. Raises RateLimited where that is
        too long, with a time to come back at."""
        patience = PATIENCE_SECONDS
        while isinstance(wait := await self._counted(caller, kind, patience), Wait):
            if wait.seconds > patience:
                raise RateLimited(
                    f"GitHub allows {wait.why}, and there is room again in {wait.seconds:.0f} s.", wait.seconds
                )
            patience -= max(wait.seconds, 0.01)
            await sleep(wait.seconds)

    async def _counted(self, caller: str, kind: Kind, patience: float) -> Wait | None:
        """None where the request may leave now. One at a time asks for a grant: the others may find one then."""
        async with self._asking[caller]:
            now, grant = self._clock.now(), self._grants.get(caller)
            if grant is None or not grant.covers(kind, now):
                answered = await self._asked(caller, kind, now, patience)
                if isinstance(answered, Wait):
                    return answered
                grant = answered
                self._turns[caller].allow(grant.at_once)
            self._grants[caller] = replace(grant, points=grant.points - COST[kind])
            return None

    async def _asked(self, caller: str, kind: Kind, now: datetime, patience: float) -> Grant | Wait:
        answers: list[Grant | Wait] = []
        held = self._grants.pop(caller, None)

        def claim(found: Allowance) -> Allowance:
            left = held.left if held is not None else None
            after, answer = found.claimed(kind, self._name, now, left=left, heard=self._heard.get(caller))
            if isinstance(answer, Wait) and answer.seconds > patience:
                after, answer = after.sent_away(answer, now)
            answers.append(answer)
            return after

        await self._allowances.move(caller, claim)
        return answers[-1]

    def heard(self, caller: str, answer: Answer) -> None:
        """Remember what an answer tells of the caller's limits; the others are told when we ask next.

        A server that does what was asked and tells no limit has none: on an enterprise server that is the default.
        """
        headers = answer.headers
        if headers.get("x-ratelimit-resource", "core") != "core":
            return
        limit, left, reset = (headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset"))
        if limit.isdecimal() and left.isdecimal() and reset.isdecimal() and len(reset) < 11:
            at = datetime.fromtimestamp(int(reset), UTC)
            self._heard[caller] = Heard(
                at=self._clock.now(), limit=int(limit[:9]), remaining=int(left[:9]), resets_at=at
            )
        elif not limit and answer.status < 300:
            self._heard[caller] = Heard(at=self._clock.now())

    async def leave(self) -> None:
        """Give back what is not needed any more, where others may need it; the rest ends by itself in seconds."""
        with contextlib.suppress(BotError):  # the store is away
            await self._give_back()
        self._grants.clear()

    async def _give_back(self) -> None:
        now = self._clock.now()
        for caller, grant in self._grants.items():
            heard = self._heard.get(caller)
            is_news = heard is not None and (heard.limit is None) is grant.limited
            if grant.quiet and not is_news:
                continue

            def settle(found: Allowance, left: tuple[int, int] = grant.left, caller: str = caller) -> Allowance:
                return found.settled(now, left=left, heard=self._heard.get(caller), leaves=self._name)

            await self._allowances.move(caller, settle)

    async def pause(self, caller: str, seconds: float, why: str) -> None:
        """GitHub asked the caller to wait: everybody hears of it, those in this process at once."""
        told = Pause(caller=caller, until=self._clock.now() + timedelta(seconds=seconds), why=why)
        self._keep(told)
        await self._pauses.record(told)

    def _keep(self, pause: Pause) -> None:
        known = self._own.get(pause.caller)
        if known is None or known.until < pause.until:
            self._own[pause.caller] = pause


class _Turns:
    """So many at a time, which may change meanwhile: whoever has a turn keeps it."""

    def __init__(self) -> None:
        self._most = MOST_AT_ONCE
        self._under_way = 0
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        while self._under_way >= self._most:
            self._changed.clear()
            await self._changed.wait()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._changed.set()

    def allow(self, most: int) -> None:
        self._most = max(most, 1)
        self._changed.set()
