"""Somebody pushes to a pull request. The run that opened it hears of that, and never writes over their work; one of
somebody else's may start what listens to pull requests."""

from dataclasses import replace

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Signal
from core.runs import SignalKind
from handlers import pull_triggers
from handlers.events import PullPushed
from handlers.triggered import ours

EVENT = PullPushed


def needs(event: PullPushed) -> FactQuery:
    return replace(pull_triggers.asked(event), besides=True)


def plan(event: PullPushed, facts: Facts) -> list[Intent]:
    run, pull = facts.active, facts.pull
    if ours(event.sender.login, facts.app):
        return [Ignore("our own push")]
    if run is None or pull is None or run.pull_number != event.number:
        return pull_triggers.begun_by(event, facts)
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.pushed,
            key=f"pull:{event.repo.id}:{event.number}:pushed:{pull.head_sha}",
            actor=event.sender.login,
            text=f"@{event.sender.login} pushed {pull.head_sha[:12]}",
        )
    ]
