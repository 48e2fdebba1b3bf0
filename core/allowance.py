"""What one caller may ask of GitHub, and what it asked lately: all limits that GitHub documents, shared by all of us.

A process does not ask for each request: it is granted some points ahead for a few seconds, and gives back what it did
not use. So what was granted is always at least what was sent, also where a process dies with its grant. Once half of
any limit is used nothing is granted ahead, writes come one a second, and reads go first.

    primary     so many requests an hour, as the headers of every answer tell
    secondary   900 points a minute (a read is 1, a write 5) and 100 requests at a time
    content     80 writes a minute and 500 an hour of those that people are told of

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

Every move gives the state after it; none looks at a clock. The clocks of our machines must agree to a few seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from core.names import Value

Kind = Literal["read", "write", "content"]
"""`content` is a write that people are told of: GitHub counts those once more."""
COST: dict[Kind, int] = {"read": 1, "write": 5, "content": 5}

MOST_POINTS, MOST_CONTENT, MOST_CONTENT_AN_HOUR, MOST_AT_ONCE = 860, 76, 480, 96
"""A little less than GitHub's 900, 80, 500 and 100."""
KEPT_FOR_READS = 200
"""Points of each minute that no write may take: a run that cannot even look is of no use."""
AT_ONCE = 12
"""Requests of one process at a time."""
AHEAD = 40
"""Points that are granted ahead while there is plenty."""

PLENTY, QUIET = 0.5, 0.2
"""Which part of the nearest limit is used at most while points are granted ahead, and while they need not come back."""

GRANTED_SECONDS = 5
"""How long a grant may be used."""
TRAVEL_SECONDS = 5
"""How much later than it left GitHub may count a request."""
LONGEST_SECONDS = 30
"""After a grant's end: how long a request that left under it may take."""
SPACED_SECONDS = 1.0
"""Between two writes, and between two callers that are told to come back, once there is not plenty."""
OF_HOUR_SPACED_SECONDS = 3600 / MOST_CONTENT_AN_HOUR
"""Between two that wait for room in the hour's contents: whoever comes sooner has read everything anew for nothing."""
_SLOT = 5
_MINUTE, _HOUR = (seconds + GRANTED_SECONDS + TRAVEL_SECONDS for seconds in (60, 3600))
_LONG_SLOT = 60

Log = tuple[tuple[int, int], ...]
"""How much, by the number of its slot, oldest first."""


class Heard(Value):
    """What the headers of an answer told. Without any limit the server has none: an enterprise server may be so."""

    at: datetime
    limit: int | None = None
    remaining: int = 0
    resets_at: datetime | None = None


class Holder(Value):
    """A process that was granted something lately."""

    name: str
    at_once: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send requests worth so many points until a time, at most `at_once` at a time."""

    points: int
    until: datetime
    slot: int
    at_once: int
    plenty: bool
    """Whether writes may be sent of these points too."""
    quiet: bool
    """Whether nobody needs what is left of it."""
    limited: bool = True

    def covers(self, kind: Kind, now: datetime) -> bool:
        free = kind == "read" or (kind == "write" and self.plenty)
        return free and now < self.until and self.points >= COST[kind]

    @property
    def left(self) -> tuple[int, int]:
        """What can be given back."""
        return self.slot, self.points


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent for so many seconds."""

    seconds: float
    why: str
    of_hour: bool = False
    """Whether it is for the hour's contents."""


class Allowance(Value):
    """What is known of one caller: `app`, or `installation:<id>`."""

    caller: str
    limited: bool = True
    limit: int | None = None
    remaining: int | None = None
    """Requests of this hour that nobody was granted yet; None where GitHub was not heard."""
    resets_at: datetime | None = None
    points: Log = ()
    content: Log = ()
    content_of_hour: Log = ()
    holders: tuple[Holder, ...] = ()
    write_at: datetime | None = None
    """When the next write may leave, where they are spaced."""
    come_at: datetime | None = None
    """When whoever is sent away next is told to come back: they come one by one."""
    tell_at: datetime | None = None
    """The same for those that wait for the hour's contents, who keep nobody else."""

    def claimed(
        self, kind: Kind, holder: str, now: datetime, *, left: tuple[int, int] | None = None, heard: Heard | None = None
    ) -> tuple["Allowance", Grant | Wait]:
        """The state after the process asked to send one request, and what it is granted; `points` of that hold this
        request's own. `left` is what it gives back of the grant before, `heard` what GitHub told it last."""
        found = self.settled(now, left=left, heard=heard)
        if not found.limited:
            return found, Grant(
                10 * MOST_POINTS, now + timedelta(minutes=1), 0, AT_ONCE, plenty=True, quiet=True, limited=False
            )
        return found._granted(kind, holder, now)

    def settled(
        self,
        now: datetime,
        *,
        left: tuple[int, int] | None = None,
        heard: Heard | None = None,
        leaves: str | None = None,
    ) -> "Allowance":
        """After a process gave back what it did not use, told what it heard, and, as `leaves`, has nothing under way
        any more."""
        return self._without_the_past(now)._given_back(left)._told(heard, now)._left(leaves)

    def sent_away(self, wait: Wait, now: datetime) -> tuple["Allowance", Wait]:
        """Whoever waits that long does other things meanwhile, and is told a time of its own to come back at."""
        first = now + timedelta(seconds=wait.seconds)
        free = self.tell_at if wait.of_hour else self.come_at
        at = first if free is None or free < first else free
        line, apart = ("tell_at", OF_HOUR_SPACED_SECONDS) if wait.of_hour else ("come_at", SPACED_SECONDS)
        after = self.model_copy(update={line: at + timedelta(seconds=apart)})
        return after, Wait((at - now).total_seconds(), wait.why)

    def _granted(self, kind: Kind, holder: str, now: datetime) -> tuple["Allowance", Grant | Wait]:
        others = sum(one.at_once for one in self.holders if one.name != holder)
        used = self._used(others)
        plenty = used < PLENTY
        waits = [wait for wait in self._waits(kind, others, plenty, now) if wait.seconds > 0]
        if waits:
            return self, max(waits, key=lambda wait: wait.seconds)
        cost, slot = COST[kind], int(now.timestamp()) // _SLOT
        points, at_once = cost + (AHEAD if plenty else 0), min(AT_ONCE, MOST_AT_ONCE - others)
        until = now + timedelta(seconds=GRANTED_SECONDS)
        changes: dict[str, object] = {
            "points": _added(self.points, slot, points),
            "holders": (
                *(one for one in self.holders if one.name != holder),
                Holder(name=holder, at_once=at_once, until=until + timedelta(seconds=LONGEST_SECONDS)),
            ),
        }
        if self.remaining is not None:
            changes["remaining"] = max(self.remaining - points, 0)
        if kind == "content":
            changes["content"] = _added(self.content, slot, 1)
            changes["content_of_hour"] = _added(self.content_of_hour, int(now.timestamp()) // _LONG_SLOT, 1)
        if kind != "read":
            changes["write_at"] = now + timedelta(seconds=SPACED_SECONDS)
        return self.model_copy(update=changes), Grant(points, until, slot, at_once, plenty, used < QUIET)

    def _used(self, others: int) -> float:
        """How much of the limit that is nearest is used, from 0 to 1."""
        of_hour = 0.0
        if self.remaining is not None and self.limit:
            of_hour = 1 - self.remaining / self.limit
        return max(
            sum(n for _, n in self.points) / MOST_POINTS,
            sum(n for _, n in self.content) / MOST_CONTENT,
            sum(n for _, n in self.content_of_hour) / MOST_CONTENT_AN_HOUR,
            others / MOST_AT_ONCE,
            of_hour,
        )

    def _waits(self, kind: Kind, others: int, plenty: bool, now: datetime) -> list[Wait]:
        """What stands in the way of a request, each with how long it does."""
        cost, writes = COST[kind], kind != "read"
        most = MOST_POINTS - (KEPT_FOR_READS if writes else 0)
        found = [Wait(_until_fits(self.points, cost, most, _SLOT, _MINUTE, now), "900 points a minute")]
        if kind == "content":
            found.append(Wait(_until_fits(self.content, 1, MOST_CONTENT, _SLOT, _MINUTE, now), "80 contents a minute"))
            of_hour = _until_fits(self.content_of_hour, 1, MOST_CONTENT_AN_HOUR, _LONG_SLOT, _HOUR, now)
            found.append(Wait(of_hour, "500 contents an hour", of_hour=True))
        if writes and not plenty and self.write_at is not None:
            found.append(Wait((self.write_at - now).total_seconds(), "one write a second"))
        if MOST_AT_ONCE - others < 1:
            found.append(Wait(SPACED_SECONDS, "100 requests at a time"))
        if self.remaining is not None and self.remaining < 1 and self.resets_at is not None:
            found.append(Wait((self.resets_at - now).total_seconds(), f"{self.limit} requests an hour"))
        return found

    def _without_the_past(self, now: datetime) -> "Allowance":
        second = now.timestamp()
        changes: dict[str, object] = {
            "points": _since(self.points, second - _MINUTE, _SLOT),
            "content": _since(self.content, second - _MINUTE, _SLOT),
            "content_of_hour": _since(self.content_of_hour, second - _HOUR, _LONG_SLOT),
            "holders": tuple(one for one in self.holders if one.until > now),
        }
        if self.resets_at is not None and self.resets_at <= now:
            changes |= {"remaining": None, "resets_at": None}
        return self.model_copy(update=changes)

    def _given_back(self, left: tuple[int, int] | None) -> "Allowance":
        if left is None or left[1] <= 0:
            return self
        slot, points = left
        kept = tuple((at, n - points if at == slot else n) for at, n in self.points)
        changes: dict[str, object] = {"points": tuple(one for one in kept if one[1] > 0)}
        if self.remaining is not None:
            changes["remaining"] = self.remaining + points
        return self.model_copy(update=changes)

    def _told(self, heard: Heard | None, now: datetime) -> "Allowance":
        """GitHub's own count is the truth; what was granted since, or at that moment, is not in it yet."""
        if heard is None:
            return self
        if heard.limit is None:
            return Allowance(caller=self.caller, limited=False)
        found = self if self.limited else self.model_copy(update={"limited": True})
        old = self.resets_at is not None and heard.resets_at is not None and heard.resets_at < self.resets_at
        if heard.resets_at is None or heard.resets_at <= now or old or heard.at < now - timedelta(seconds=30):
            return found
        recent = _since(self.points, heard.at.timestamp() - GRANTED_SECONDS - TRAVEL_SECONDS, _SLOT)
        remaining = max(heard.remaining - sum(n for _, n in recent), 0)
        told = {"limit": heard.limit, "remaining": remaining, "resets_at": heard.resets_at}
        return found.model_copy(update=told)

    def _left(self, leaves: str | None) -> "Allowance":
        if leaves is None:
            return self
        return self.model_copy(update={"holders": tuple(one for one in self.holders if one.name != leaves)})


class Allowances(Protocol):
    """Where allowances are known to every process."""

    async def move(self, caller: str, change: Callable[[Allowance], Allowance]) -> None:
        """Change the caller's allowance. Nobody else changes it meanwhile."""
        ...


class OwnAllowances:
    """Allowances of one process alone, for tools that share no store with the service."""

    def __init__(self) -> None:
        self._found: dict[str, Allowance] = {}

    async def move(self, caller: str, change: Callable[[Allowance], Allowance]) -> None:
        self._found[caller] = change(self._found.get(caller) or Allowance(caller=caller))


def _added(log: Log, slot: int, n: int) -> Log:
    """The log with so much more in the slot. Clocks differ a little: it may be one that is not the last."""
    return tuple(sorted({**dict(log), slot: dict(log).get(slot, 0) + n}.items()))


def _since(log: Log, second: float, width: int) -> Log:
    """What is in slots that had not ended at this second."""
    return tuple((slot, n) for slot, n in log if (slot + 1) * width > second)


def _until_fits(log: Log, n: int, most: int, width: int, window: int, now: datetime) -> float:
    """Seconds until so much more fits into every window that ends then; 0 where it fits now."""
    total, until = sum(amount for _, amount in log), now
    for slot, amount in log:
        if total + n <= most:
            break
        total -= amount
        until = datetime.fromtimestamp((slot + 1) * width + window, UTC)
    return max((until - now).total_seconds(), 0.0)
