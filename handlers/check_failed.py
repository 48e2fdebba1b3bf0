"""A check of somebody else fails on a branch: workflows that listen to that start there, once per check run.

GitHub is asked whether the check run failed, and whether the branch is still at its commit. Checks on pull requests of
forks belong to no branch here.
"""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from core.workflow import Listen
from handlers.automatic import CheckFailed
from handlers.triggered import NOT_LISTENED, WHOLE, Occasion, about_the_repository, started
from policies.globs import naming

EVENT = CheckFailed


def needs(event: CheckFailed) -> FactQuery:
    return FactQuery(
        whole=True,
        listening="checks",
        branch=(event.branch, event.head_sha),
        check=(event.head_sha, event.check_id),
        policy=True,
        workflows=True,
    )


def plan(event: CheckFailed, facts: Facts) -> list[Intent]:
    check = facts.check
    if event.app_id == facts.app.id or (check is not None and check.app_id == facts.app.id):
        return [Ignore("our own check")]

    def hears(_: str, on: Listen) -> bool:
        checks = on.checks
        if checks is None or check is None or checks.conclusion != check.conclusion:
            return False
        named = not checks.names or bool(naming([check.name], checks.names))
        return named and (not checks.branches or bool(naming([event.branch], checks.branches)))

    if facts.policy is None:
        return [NOT_LISTENED]
    if check is None or check.conclusion != event.conclusion:
        return [Ignore("the check did not fail, or runs again")]
    if facts.head != event.head_sha:
        return [Ignore("the branch has moved on")]
    at = event.head_sha[:12]
    occasion = Occasion(
        on="checks",
        key=f"check:{event.check_id}",
        source=f"failing check {event.check_id} on {event.branch}",
        subject=WHOLE,
        snapshot=about_the_repository(f"A failing check on {event.branch} ({at})", facts),
        person=None,
        base=(event.branch, event.head_sha),
        values={"branch": event.branch, "sha": event.head_sha, "check": check.name},
    )
    return started(occasion, facts, hears)
