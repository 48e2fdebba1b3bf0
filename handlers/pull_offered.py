"""A pull request is opened, opened again or taken out of draft: workflows that listen to that start."""

from core.facts import FactQuery, Facts
from core.intents import Intent
from handlers import pull_triggers
from handlers.automatic import PullOffered

EVENT = PullOffered


def needs(event: PullOffered) -> FactQuery:
    return pull_triggers.asked(event)


def plan(event: PullOffered, facts: Facts) -> list[Intent]:
    return pull_triggers.begun_by(event, facts)
