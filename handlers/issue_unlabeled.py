"""A workflow's label is taken off: the run that it started ends."""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Signal
from core.runs import Run, SignalKind
from handlers.authors import unheard
from handlers.events import IssueUnlabeled
from handlers.listening import LABELS

EVENT = IssueUnlabeled


def needs(event: IssueUnlabeled) -> FactQuery:
    if not event.label.lower().startswith(LABELS):
        return FactQuery()
    # Who may be heard is the policy's to say where it was no person.
    return FactQuery(number=event.number, label=event.label, gone=True, policy=event.sender.is_bot)


def plan(event: IssueUnlabeled, facts: Facts) -> list[Intent]:
    began = [run for run in facts.unfinished if run.source == "label" and _started(run, event)]
    if not began:
        return [Ignore("no run at work here was started by this label")]
    if why := unheard(event.sender, facts):
        return [why]
    if facts.labelling is not None:
        return [Ignore("the issue carries the label again")]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.closed,
            key=f"{run.trigger_key}:removed",
            actor=event.sender.login,
            text=f"@{event.sender.login} took the label off",
        )
        for run in began
    ]


def _started(run: Run, event: IssueUnlabeled) -> bool:
    """Whether this label began the run, whatever the workflow's file says by now."""
    label = f"repo:{event.repo.id}:issue:{event.number}:label:{event.label}"
    return run.trigger_key.rpartition(":")[0].lower() == label.lower()
