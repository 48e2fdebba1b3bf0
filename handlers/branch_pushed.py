"""Somebody pushes to a branch: files of ours that it changes are judged on its commit, and workflows may start."""

from dataclasses import replace

from core.facts import FactQuery, Facts
from core.intents import Intent
from handlers import configuration, push_triggers
from handlers.automatic import Pushed

EVENT = Pushed


def needs(event: Pushed) -> FactQuery:
    return replace(push_triggers.asked(event), config=configuration.asked(event))


def plan(event: Pushed, facts: Facts) -> list[Intent]:
    return [*configuration.judged(event.repo, facts), *push_triggers.begun_by(event, facts)]
