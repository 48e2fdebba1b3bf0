"""A storm: faults of every kind at random, each at the same small chance per request, from a seed.

GitHub fails in ways that a caller cannot tell apart: what was refused, what was done and not told, what is done and
not shown yet. A storm also remembers who was told to wait, whoever told it, and every request that came too early.

    github.storm.begin(7, rate=0.05)
    ...
    assert set(github.storm.met) == set(KINDS) and github.storm.impatient == []
"""

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from aiohttp import web

from .auth import actor_of
from .errors import Refusal, not_found
from .faults import Act
from .world import World

Kind = Literal[
    "error before", "error after", "too many requests", "secondary limit", "cut before", "cut after", "slow", "not yet"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
OF_GIT: frozenset[Kind] = frozenset({"error before", "error after", "cut before", "cut after", "slow"})
"""What also befalls git over HTTP, which has no limits of this sort."""
AFTER: frozenset[Kind] = frozenset({"error after", "cut after"})
UNSEEN = timedelta(seconds=1)
"""How long what was just made may be missing where it is read."""
UNDER_WAY_SECONDS = 0.5
"""A request that comes so soon after a limit was told was sent before its caller could read it."""
_LIMITED = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(frozen=True, slots=True)
class _Pause:
    until: datetime
    told: float
    """By the monotonic clock: the world's may leap."""
    kept: bool
    """Whether every request is refused until then, as GitHub does; a test that orders one refusal gets one."""


class Storm:
    """A middleware of the stand-in: still until `begin`, still again after `end`. It watches for impatience always."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seed = 0
        self._kinds: frozenset[Kind] = frozenset()
        self._rate = self._slow_seconds = 0.0
        self._limit_seconds = 0
        self._asked: Counter[str] = Counter()
        self._pauses: dict[str, _Pause] = {}
        self._unseen: dict[str, datetime] = {}
        self.met: Counter[Kind] = Counter()
        """How often each kind struck."""
        self.impatient: list[str] = []
        """The requests to the API that a caller made although it had been told to wait."""

    def begin(
        self,
        seed: int,
        *,
        rate: float = 0.05,
        kinds: Collection[Kind] = KINDS,
        slow_seconds: float = 10.0,
        limit_seconds: int = 30,
    ) -> None:
        """From now on each kind strikes at this rate. `limit_seconds` is the `retry-after` of a limit."""
        self._asked.clear()
        self._seed, self._kinds, self._rate = seed, frozenset(kinds), rate
        self._slow_seconds, self._limit_seconds = slow_seconds, limit_seconds

    def end(self) -> None:
        self._kinds = frozenset()
        self._pauses.clear()

    async def __call__(self, request: web.Request, act: Act) -> web.StreamResponse:
        if ".git/" in request.path:
            return await self._through(request, act, self._kinds & OF_GIT)
        caller = self._caller(request)
        if refused := self._too_early(caller, request):
            return refused
        answer = await self._through(request, act, self._kinds)
        self._told(caller, answer)
        return answer

    async def _through(self, request: web.Request, act: Act, kinds: frozenset[Kind]) -> web.StreamResponse:
        """The request, with what strikes it: slowness, and at most one other kind."""
        drawn = self._drawn(request, kinds)
        if "slow" in drawn:
            drawn.remove("slow")
            self.met["slow"] += 1
            answer = await self._stricken(next(iter(drawn), None), request, act)
            # After the act: what it says is as old as it is late.
            await asyncio.sleep(self._slow_seconds)
            return answer
        return await self._stricken(next(iter(drawn), None), request, act)

    def _drawn(self, request: web.Request, kinds: frozenset[Kind]) -> list[Kind]:
        """What strikes, each kind by its own chance; the order is drawn too.

        The draw depends on the request and how often it was made, not on what else was asked meanwhile: many at work
        at once meet the same faults at the same places.
        """
        if not kinds:
            return []
        asked = f"{request.method} {request.path}"
        self._asked[asked] += 1
        chances = {kind: _chance(f"{self._seed} {kind} {asked} {self._asked[asked]}") for kind in sorted(kinds)}
        return sorted((kind for kind in chances if chances[kind] < self._rate), key=lambda kind: chances[kind])

    async def _stricken(self, kind: Kind | None, request: web.Request, act: Act) -> web.StreamResponse:
        if self._is_unseen(request):
            return _refused(404)
        if kind is None or kind in AFTER or kind == "not yet":
            return await self._after(kind, request, await act(request))
        self.met[kind] += 1
        match kind:
            case "too many requests" | "secondary limit":
                return _limited(429 if kind == "too many requests" else 403, self._limit_seconds)
            case "error before":
                return _refused(500)
            case _:
                raise _cut(request)

    async def _after(self, kind: Kind | None, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        """What the caller learns of what was done; nothing is kept from it where nothing was."""
        reads = request.method == "GET"
        if kind == "not yet" and reads and self._is_young(request, answer):
            self.met[kind] += 1
            self._unseen[request.path] = self._world.now() + UNSEEN
            return _refused(404)
        if kind not in AFTER or reads or answer.status >= 400 or answer.prepared:
            return answer
        self.met[kind] += 1
        if kind == "error after":
            return _refused(500)
        raise _cut(request)

    def _is_young(self, request: web.Request, answer: web.StreamResponse) -> bool:
        """Whether this shows something of a repository (an issue, a comment, a pull request …) that is just made."""
        if request.path.count("/") < 5 or answer.status != 200 or not isinstance(answer, web.Response):
            return False
        made = _made_at(answer.body) if isinstance(answer.body, bytes) else None
        return made is not None and self._world.now() - made < UNSEEN

    def _is_unseen(self, request: web.Request) -> bool:
        until = self._unseen.get(request.path)
        return request.method == "GET" and until is not None and self._world.now() < until

    def _told(self, caller: str, answer: web.StreamResponse) -> None:
        """Remember that the caller was told to wait; of two waits the longer one counts."""
        seconds = answer.headers.get("retry-after", "")
        if seconds.isdigit():
            until, known = self._world.now() + timedelta(seconds=int(seconds)), self._pauses.get(caller)
            if known is None or known.until < until:
                self._pauses[caller] = _Pause(until, time.monotonic(), kept=bool(self._kinds))

    def _too_early(self, caller: str, request: web.Request) -> web.Response | None:
        """Notice a caller that was told to wait and does not, and refuse it again."""
        pause = self._pauses.get(caller)
        if pause is None or (left := (pause.until - self._world.now()).total_seconds()) <= 0:
            return None
        if time.monotonic() - pause.told > UNDER_WAY_SECONDS:
            self.impatient.append(f"{request.method} {request.path}: {left:.1f} s too early")
        return _limited(403, int(left) + 1) if pause.kept else None

    def _caller(self, request: web.Request) -> str:
        """Whose requests are counted together: an installation's whatever its token, an App's own, a person's."""
        try:
            actor = actor_of(self._world, request.headers.get("Authorization"))
        except Refusal:
            return "nobody"
        if actor.token is not None:
            return f"installation {actor.token.installation.id}"
        return f"app {actor.app.slug}" if actor.app is not None else actor.login


def _chance(text: str) -> float:
    """A number from 0 up to 1, as good as random and always the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def _limited(status: int, seconds: int) -> web.Response:
    return web.json_response(Refusal(status, _LIMITED).body(), status=status, headers={"retry-after": str(seconds)})


def _refused(status: int) -> web.Response:
    refusal = not_found() if status == 404 else Refusal(status, "Server Error")
    return web.json_response(refusal.body(), status=status)


def _cut(request: web.Request) -> web.HTTPException:
    """Cut the connection; what is raised then reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.HTTPServiceUnavailable()


def _made_at(body: bytes) -> datetime | None:
    try:
        shown: Any = json.loads(body)
        made = shown.get("created_at") or shown.get("submitted_at")
        return datetime.fromisoformat(made) if made else None
    except (ValueError, AttributeError):
        return None
