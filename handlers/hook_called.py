"""Somebody who has a hook's secret calls it: workflows of the named repository that say `on: {hook: …}` start."""

from core.facts import FactQuery, Facts
from core.intents import Intent
from core.workflow import Listen
from handlers.automatic import HookCalled
from handlers.triggered import NOT_LISTENED, WHOLE, Occasion, about_the_repository, started

EVENT = HookCalled


def needs(event: HookCalled) -> FactQuery:
    return FactQuery(whole=True, listening="hook", policy=True, workflows=True)


def plan(event: HookCalled, facts: Facts) -> list[Intent]:
    def hears(_: str, on: Listen) -> bool:
        return on.hook == event.hook

    if facts.policy is None:
        return [NOT_LISTENED]
    occasion = Occasion(
        on="hook",
        key=f"hook:{event.repo.id}:{event.delivery}",
        source=f"hook {event.hook}",
        subject=WHOLE,
        snapshot=about_the_repository(f"A call of the hook {event.hook}", facts),
        person=None,
        values=event.inputs,
    )
    return started(occasion, facts, hears)
