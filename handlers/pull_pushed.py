"""Somebody pushes to a pull request. The run that opened it hears of that, and never writes over their work; one of
somebody else's may start what listens to pull requests."""

from dataclasses import replace

from core.authorship import push_told
from core.facts import FactQuery, Facts
from core.heads import Push
from core.intents import Ignore, Intent, KeepPush, Signal
from core.runs import SignalKind
from handlers import pull_triggers, replies
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
        return [*_known(event, facts), *_ended(event, facts), *pull_triggers.begun_by(event, facts)]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.pushed,
            key=f"pull:{event.repo.id}:{event.number}:pushed:{pull.head_sha}:{event.sender.login}",
            actor=event.sender.login,
            text=push_told(event.sender.login, pull.head_sha),
        )
    ]


def _known(event: PullPushed, facts: Facts) -> list[Intent]:
    """Who pushed to a fork, while the head is what they pushed. No word of a payload grants anything: this one can only
    have the head be looked at by somebody first.
    """
    pull = facts.pull
    if pull is None or not pull.from_fork(facts.repository.id) or pull.head_sha != event.after:
        return []
    return [KeepPush(event.number, Push(head=pull.head_sha, actor=event.sender.login))]


def _ended(event: PullPushed, facts: Facts) -> list[Intent]:
    """The end of every run that works with what the fork held before: nobody let it run with anything else."""
    pull = facts.pull
    if pull is None:
        return []
    stale = [
        run
        for run in facts.unfinished
        if run.subject.number == event.number and run.snapshot.fork and run.snapshot.head not in {None, pull.head_sha}
    ]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.closed,
            key=f"pull:{event.repo.id}:{event.number}:moved:{pull.head_sha}:{run.id}",
            actor=event.sender.login,
            text=replies.head_moved(run.snapshot.head or "", pull.head_sha),
        )
        for run in stale
    ]
