"""Somebody else pushes to a branch of ours: the run hears of it, and never writes over their work."""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Signal
from core.runs import SignalKind
from handlers.events import PullPushed

EVENT = PullPushed


def needs(event: PullPushed) -> FactQuery:
    return FactQuery(number=event.number, pull=event.number)


def plan(event: PullPushed, facts: Facts) -> list[Intent]:
    run, pull = facts.active, facts.pull
    if run is None or pull is None or run.pull_number != event.number:
        return [Ignore("no run at work here opened this pull request")]
    if event.sender.login.casefold() == facts.app.login.casefold():
        return [Ignore("our own push")]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.pushed,
            key=f"pull:{event.repo.id}:{event.number}:pushed:{pull.head_sha}",
            actor=event.sender.login,
            text=f"@{event.sender.login} pushed {pull.head_sha[:12]}",
        )
    ]
