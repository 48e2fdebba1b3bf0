"""How often runs begin about one subject, or about a whole repository: whatever starts them again and again ends.

Two bots that answer each other, a workflow that makes what starts it, or a person with a script: all of them are the
same here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from policies.result import Fact, Result, Status
from policies.schema import Policy

HOUR = timedelta(hours=1)
NAME = "not too often"


def within_the_hour(policy: Policy, begun: Sequence[datetime], now: datetime) -> Result:
    """Whether one more run may begin, where runs about the same subject began at these times."""
    most, lately = policy.limits.runs_per_hour, sorted(at for at in begun if at > now - HOUR)
    facts = (Fact("runs about this within the hour", (str(len(lately)),)), Fact("at most", (str(most),)))
    if len(lately) < most:
        return Result(NAME, Status.approved, f"{len(lately)} of {most} runs began about this within the hour.", facts)
    free = free_at(policy, begun, now)
    return Result(
        NAME,
        Status.denied,
        f"{len(lately)} runs began about this within the last hour, and no more than {most} may.",
        facts,
        remedy=f"Ask again after {free:%H:%M} UTC, or raise `limits.runs_per_hour` in `.github/pullwright.yml`.",
    )


def free_at(policy: Policy, begun: Sequence[datetime], now: datetime) -> datetime:
    """When one more run may begin, where as many as may began within the hour before `now`."""
    return sorted(at for at in begun if at > now - HOUR)[-policy.limits.runs_per_hour] + HOUR
