"""An issue is closed, deleted or moved: the run about it ends, and those in line behind it.

The issue that lists what waits is looked at: where a person closed it, that is its end.
"""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, LookAtBoard, Signal
from core.runs import SignalKind
from handlers.authors import unheard
from handlers.events import IssueClosed

EVENT = IssueClosed


def needs(event: IssueClosed) -> FactQuery:
    # Who may be heard is the policy's to say where it was no person.
    return FactQuery(number=event.number, board=True, policy=event.sender.is_bot)


def plan(event: IssueClosed, facts: Facts) -> list[Intent]:
    looks: list[Intent] = [LookAtBoard()] if facts.board == event.number else []
    return looks + _ended(event, facts)


def _ended(event: IssueClosed, facts: Facts) -> list[Intent]:
    if not facts.unfinished:
        return [Ignore("no run is active here")]
    if why := unheard(event.sender, facts):
        return [why]
    if facts.issue is not None and facts.issue.open:
        # Whatever the event says: GitHub shows it, and it is open.
        return [Ignore("the issue is open")]
    said = {"closed": "closed the issue", "deleted": "deleted the issue", "transferred": "moved the issue elsewhere"}
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.closed,
            key=f"issue:{event.node_id}:{event.how}:{run.id}",
            actor=event.sender.login,
            text=f"@{event.sender.login} {said[event.how]}",
        )
        for run in facts.unfinished
    ]
