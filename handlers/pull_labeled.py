"""A pull request is labelled: workflows that listen to that start, once per labelling."""

from core.facts import FactQuery, Facts
from core.intents import Intent
from handlers import pull_triggers
from handlers.automatic import PullLabeled

EVENT = PullLabeled


def needs(event: PullLabeled) -> FactQuery:
    return pull_triggers.asked(event)


def plan(event: PullLabeled, facts: Facts) -> list[Intent]:
    return pull_triggers.begun_by(event, facts)
