"""A merge queue made a group of pull requests and asks for checks on it: where ours is required, it comes at once."""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers import not_ours
from handlers.events import GroupFormed

EVENT = GroupFormed


def needs(event: GroupFormed) -> FactQuery | Ignore:
    if not event.branch.startswith(not_ours.GROUPS):
        return Ignore("not the branch of a merge queue")
    return FactQuery(
        rules=event.base, required=not_ours.APPROVAL, branch=(event.branch, event.head_sha), checks_on=event.head_sha
    )


def plan(event: GroupFormed, facts: Facts) -> list[Intent]:
    return not_ours.of_group(event.repo, event.branch, event.head_sha, facts)
