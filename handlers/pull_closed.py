"""A person closes or merges a pull request: the run that opened it, or is about it, ends, and those in line too."""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Signal
from core.runs import Run, SignalKind
from core.states import WaitingFor
from handlers.authors import unheard
from handlers.events import PullClosed

EVENT = PullClosed


def needs(event: PullClosed) -> FactQuery:
    # Who may be heard is the policy's to say where it was no person.
    return FactQuery(number=event.number, pull=event.number, policy=event.sender.is_bot)


def plan(event: PullClosed, facts: Facts) -> list[Intent]:
    pull = facts.pull
    about = [run for run in facts.unfinished if event.number in {run.pull_number, run.subject.number}]
    if not about or pull is None:
        return [Ignore("no run at work here opened this pull request, or is about it")]
    if why := unheard(event.sender, facts):
        queued = [run for run in about if run.waiting is not None and run.waiting.what is WaitingFor.checks]
        return [_look(event, run) for run in queued if pull.merged] or [why]
    if pull.open:
        return [Ignore("the pull request is open again")]
    how = "merged" if pull.merged else "closed"
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.closed,
            key=f"pull:{event.node_id}:{how}:{run.id}",
            actor=event.sender.login,
            text=f"@{event.sender.login} {how} #{event.number}",
        )
        for run in about
    ]


def _look(event: PullClosed, run: Run) -> Signal:
    """A merge queue merges under a name of its own: the run that put it there looks what came of it."""
    return Signal(
        run_id=run.id,
        kind=SignalKind.checks_done,
        key=f"pull:{event.node_id}:queue:{run.id}",
        actor=event.sender.login,
        text=f"#{event.number} was merged",
    )
