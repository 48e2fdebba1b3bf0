"""A time of a workflow's schedule has come: it starts, once per instant, if the default branch still has it."""

from core.facts import FactQuery, Facts
from core.intents import Intent
from core.workflow import Listen
from handlers.automatic import TimeCame
from handlers.triggered import NOT_LISTENED, WHOLE, Occasion, about_the_repository, started

EVENT = TimeCame


def needs(event: TimeCame) -> FactQuery:
    return FactQuery(whole=True, listening="schedule", policy=True, workflows=True)


def plan(event: TimeCame, facts: Facts) -> list[Intent]:
    def hears(name: str, on: Listen) -> bool:
        return name == event.workflow and bool(on.schedule)

    if facts.policy is None:
        return [NOT_LISTENED]
    instant = event.instant.strftime("%Y-%m-%dT%H:%MZ")
    occasion = Occasion(
        on="schedule",
        key=f"schedule:{event.repo.id}:{instant}",
        source=f"schedule of {instant}",
        subject=WHOLE,
        snapshot=about_the_repository(f"The schedule of {instant}", facts),
        person=None,
        values={"time": instant},
    )
    return started(occasion, facts, hears)
