"""A pull request is opened, opened again or taken out of draft: workflows that listen to that start, and harmless
commands in what it was opened with are answered. A run of ours that waits to merge it looks again.
"""

from dataclasses import replace

from core.facts import FactQuery, Facts
from core.intents import Intent
from handlers import harmless, pull_triggers
from handlers.automatic import PullOffered
from handlers.commands import might_command
from handlers.comment_created import also_asked

EVENT = PullOffered


def needs(event: PullOffered) -> FactQuery:
    query = replace(pull_triggers.asked(event), besides=event.how == "ready_for_review")
    # An answer to a command needs the policy whether a workflow listens or not.
    return also_asked(replace(query, listening=None), event.body) if _speaks(event) else query


def plan(event: PullOffered, facts: Facts) -> list[Intent]:
    said = harmless.opening(event, facts, "pull request") if _speaks(event) else []
    return [*said, *pull_triggers.out_of_draft(event, facts), *pull_triggers.begun_by(event, facts)]


def _speaks(event: PullOffered) -> bool:
    return event.how == "opened" and might_command(event.body)
