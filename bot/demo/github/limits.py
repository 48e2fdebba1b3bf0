"""Rate limits: a budget of requests an hour for each caller, told in every answer's headers, and the secondary ones.

The secondary limits are watched always: what goes beyond one is entered in `violations`. With `enforced` such a request
is refused as well, in GitHub's words. An enterprise server may have none of this: `World.hourly_limit` is 0 then.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .errors import Refusal
from .records import Actor, Json
from .world import World

WINDOW = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ANONYMOUS_LIMIT = 60
MOST_POINTS = 900
MOST_CONTENT = 80
MOST_CONTENT_AN_HOUR = 500
MOST_AT_ONCE = 100

_NOTIFIES = (
    ("POST", re.compile(r"/repos/[^/]+/[^/]+/(issues|pulls)")),
    ("POST", re.compile(r"/repos/[^/]+/[^/]+/(issues|pulls)/\d+/(comments|reviews|requested_reviewers)")),
    ("POST", re.compile(r"/repos/[^/]+/[^/]+/pulls/\d+/(comments/\d+/replies|reviews/\d+/events)")),
    ("POST", re.compile(r"/repos/[^/]+/[^/]+/commits/[^/]+/comments")),
    ("PUT", re.compile(r"/repos/[^/]+/[^/]+/pulls/\d+/(merge|reviews/\d+/dismissals)")),
    ("POST", re.compile(r"(/api)?/graphql")),
)
"""The endpoints of which GitHub's documentation says that they trigger notifications, and GraphQL."""


@dataclass
class Budget:
    limit: int
    used: int
    resets_at: datetime

    def headers(self, resource: str = "core") -> dict[str, str]:
        if not self.limit:
            return {}
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(self.limit - self.used, 0)),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(int(self.resets_at.astimezone(UTC).timestamp())),
            "x-ratelimit-resource": resource,
        }

    def shape(self) -> Json:
        reset = int(self.resets_at.timestamp())
        left = max(self.limit - self.used, 0)
        return {"limit": self.limit, "used": self.used, "remaining": left, "reset": reset}


@dataclass
class Lately:
    """What one caller asked for in the last hour, and has under way."""

    points: deque[tuple[datetime, int]] = field(default_factory=deque)
    content: deque[datetime] = field(default_factory=deque)
    under_way: int = 0
    most_under_way: int = 0


class Limits:
    """One budget per caller, renewed when its hour is over by the world's clock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._budgets: dict[str, Budget] = {}
        self.enforced = False
        self.violations: list[str] = []
        """Each request that went beyond a limit, and beyond which."""
        self.lately: defaultdict[str, Lately] = defaultdict(Lately)
        """By caller, in GitHub's words for it."""

    def budget(self, actor: Actor) -> Budget:
        now = self._world.now()
        limit = ANONYMOUS_LIMIT if actor.account is None and actor.app is None else self._world.hourly_limit
        caller = _caller(actor)
        budget = self._budgets.get(caller)
        if budget is None or now >= budget.resets_at:
            budget = self._budgets[caller] = Budget(limit, 0, now + WINDOW)
        budget.limit = limit
        return budget

    def spend(self, actor: Actor) -> Budget:
        """Count one request; 403 in GitHub's words where the hour's budget is gone."""
        budget = self.budget(actor)
        if not budget.limit:
            return budget
        if budget.used >= budget.limit:
            who = f"installation ID {actor.token.installation.id}" if actor.token else f"user ID {actor.login}"
            self.violations.append(f"{who}: {budget.limit} requests an hour")
            raise Refusal(403, f"API rate limit exceeded for {who}.")
        budget.used += 1
        return budget

    @contextmanager
    def under_way(self, actor: Actor, method: str, path: str) -> Iterator[None]:
        """Around one request of an App: its points, whether it makes content, and that it is under way."""
        if actor.app is None or not self._world.hourly_limit:
            yield
            return
        caller = _caller(actor)
        lately = self.lately[caller]
        exceeded = self._counted(lately, method, path)
        lately.under_way += 1
        lately.most_under_way = max(lately.most_under_way, lately.under_way)
        if lately.under_way > MOST_AT_ONCE:
            exceeded.append(f"{MOST_AT_ONCE} requests at a time")
        try:
            self.violations += [f"{caller}: {what} at {method} {path}" for what in exceeded]
            if exceeded and self.enforced:
                said = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
                raise Refusal(403, said)
            yield
        finally:
            lately.under_way -= 1

    def _counted(self, lately: Lately, method: str, path: str) -> list[str]:
        """Enter the request; the limits that are exceeded with it."""
        now = self._world.now()
        lately.points.append((now, 1 if method in {"GET", "HEAD", "OPTIONS"} else 5))
        while lately.points[0][0] <= now - MINUTE:
            lately.points.popleft()
        exceeded = []
        if sum(points for _, points in lately.points) > MOST_POINTS:
            exceeded.append(f"{MOST_POINTS} points a minute")
        if any(method == one and pattern.fullmatch(path) for one, pattern in _NOTIFIES):
            lately.content.append(now)
            while lately.content[0] <= now - WINDOW:
                lately.content.popleft()
            if sum(at > now - MINUTE for at in lately.content) > MOST_CONTENT:
                exceeded.append(f"{MOST_CONTENT} contents a minute")
            if len(lately.content) > MOST_CONTENT_AN_HOUR:
                exceeded.append(f"{MOST_CONTENT_AN_HOUR} contents an hour")
        return exceeded


def _caller(actor: Actor) -> str:
    if actor.token:
        return f"installation ID {actor.token.installation.id}"
    return f"app {actor.app.slug}" if actor.app is not None else f"user {actor.login}"
