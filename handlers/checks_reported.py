"""CI reports on what a run shipped: the run that waits for it looks at the checks. What is reported is not believed."""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Signal
from core.runs import SignalKind, Waiting
from core.states import WaitingFor
from handlers.events import ChecksReported

EVENT = ChecksReported


def needs(event: ChecksReported) -> FactQuery:
    return FactQuery(run=event.run_id)


def plan(event: ChecksReported, facts: Facts) -> list[Intent]:
    run = facts.active
    if event.app_id == facts.app.id:
        return [Ignore("our own check")]
    if run is None or run.waiting is None or not _tells(event, run.waiting):
        return [Ignore("no run waits for checks here")]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.checks_done,
            key=f"{event.repo.id}:{event.key}",
            actor=event.sender.login,
            text=f"a check on {event.head_sha[:12]}",
        )
    ]


def _tells(event: ChecksReported, waiting: Waiting) -> bool:
    """Whether this is something to look at. Of green jobs, a run that waits for people wants to know nothing."""
    return waiting.what is WaitingFor.checks or (waiting.hears_red and event.red)
