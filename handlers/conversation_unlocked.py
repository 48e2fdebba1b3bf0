"""A conversation is unlocked: runs that could not speak there look again.

It is a hint to look, and grants nothing: whoever unlocked it, and whether they did, is not asked.
"""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Signal
from core.runs import SignalKind
from handlers.events import ConversationUnlocked

EVENT = ConversationUnlocked


def needs(event: ConversationUnlocked) -> FactQuery:
    return FactQuery(number=event.number)


def plan(event: ConversationUnlocked, facts: Facts) -> list[Intent]:
    at_work = [run for run in facts.unfinished if run.behind_id is None]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.unlocked,
            key=f"unlocked:{event.repo.id}:{event.number}:{event.delivery}:{run.id}",
            actor=event.sender.login,
        )
        for run in at_work
    ] or [Ignore("no run is active here")]
