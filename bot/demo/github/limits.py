"""Rate limits: a budget of requests an hour for each caller, told in every answer's headers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import Refusal
from .records import Actor, Json
from .world import World

WINDOW = timedelta(hours=1)
ANONYMOUS_LIMIT = 60


@dataclass
class Budget:
    limit: int
    used: int
    resets_at: datetime

    def headers(self, resource: str = "core") -> dict[str, str]:
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


class Limits:
    """One budget per caller, renewed when its hour is over by the world's clock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._budgets: dict[str, Budget] = {}

    def budget(self, actor: Actor) -> Budget:
        now = self._world.now()
        limit = ANONYMOUS_LIMIT if actor.account is None and actor.app is None else self._world.hourly_limit
        caller = f"installation ID {actor.token.installation.id}" if actor.token else f"user {actor.login}"
        budget = self._budgets.get(caller)
        if budget is None or now >= budget.resets_at:
            budget = self._budgets[caller] = Budget(limit, 0, now + WINDOW)
        budget.limit = limit
        return budget

    def spend(self, actor: Actor) -> Budget:
        """Count one request; 403 in GitHub's words where the hour's budget is gone."""
        budget = self.budget(actor)
        if budget.used >= budget.limit:
            who = f"installation ID {actor.token.installation.id}" if actor.token else f"user ID {actor.login}"
            raise Refusal(403, f"API rate limit exceeded for {who}.")
        budget.used += 1
        return budget
