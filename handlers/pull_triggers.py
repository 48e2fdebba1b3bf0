"""A pull request is opened, pushed to, opened again, taken out of draft or labelled: what listens to that starts.

Each works with the head, which must be the one that we were told of. In whose name, GitHub says: whoever opened it,
turned it, or put the label on; for a push, which GitHub cannot be asked about, whoever opened it, and only where the
branch is in the same repository: those who push there have write access. Our own pull requests start nothing.
"""

from datetime import datetime
from typing import Any

from core.facts import FactQuery, Facts
from core.github import Account, Issue, Pull
from core.intents import Ignore, Intent, Signal
from core.names import Sha, Subject, SubjectKind
from core.runs import SignalKind
from core.states import WaitingFor
from core.workflow import Listen
from core.workflow.triggers import PullType
from handlers import not_ours
from handlers.asked.starting import as_it_stood
from handlers.authors import unheard
from handlers.automatic import PullLabeled, PullOffered
from handlers.events import PullPushed
from handlers.issue_triggers import REDELIVERED
from handlers.pull_filters import passes
from handlers.triggered import NOT_LISTENED, Occasion, started

PullEvent = PullOffered | PullPushed | PullLabeled


def asked(event: PullEvent) -> FactQuery:
    turn = event.how if isinstance(event, PullOffered) and event.how != "opened" else None
    return FactQuery(
        number=event.number,
        pull=event.number,
        head=_head(event),
        turn=turn,
        of_author=turn is None,
        label=event.label if isinstance(event, PullLabeled) else None,
        listening="pull_request",
        vouching=True,
        changed=True,
        thread=True,
        policy=True,
        workflows=True,
        **_not_ours(event),
    )


def _not_ours(event: PullEvent) -> dict[str, Any]:
    """What tells whether our check must be answered on it: a new head may have none."""
    if isinstance(event, PullLabeled) or (isinstance(event, PullOffered) and event.how == "ready_for_review"):
        return {}
    return {"rules": event.base, "required": not_ours.APPROVAL, "checks_on": _head(event)}


def begun_by(event: PullEvent, facts: Facts) -> list[Intent]:
    """What it starts, or why nothing, and our check where it is required of everybody's. No person is answered."""
    head = _head(event)
    answered = not_ours.of_pull(event.repo, head, facts) if head is not None else []
    return [*answered, *_begun(event, facts)]


def out_of_draft(event: PullEvent, facts: Facts) -> list[Intent]:
    """A look by every run of ours that waits to merge this pull request, which somebody took out of draft."""
    pull = facts.pull
    if not (isinstance(event, PullOffered) and event.how == "ready_for_review") or pull is None or pull.draft:
        return []
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.checks_done,
            key=f"pull:{event.repo.id}:{event.number}:ready:{pull.head_sha}:{run.id}",
            actor=event.sender.login,
            text=f"#{event.number} is no draft any more",
        )
        for run in facts.unfinished
        if run.pull_number == event.number and run.waiting is not None and run.waiting.what is WaitingFor.checks
    ]


def _begun(event: PullEvent, facts: Facts) -> list[Intent]:
    issue, pull = facts.issue, facts.pull
    if facts.policy is None or issue is None or pull is None:
        return [NOT_LISTENED]
    if pull.app_authored:
        return [Ignore("our own pull request")]
    if not pull.open:
        return [Ignore("the pull request is closed")]
    if _head(event) not in {None, pull.head_sha}:
        return [Ignore("the pull request has moved on")]
    actor = _actor(event, issue, pull, facts)
    if isinstance(actor, Ignore):
        return [actor]
    person, at = actor
    if why := unheard(person, facts):
        return [why]
    what = _type(event)
    labels = (event.label,) if isinstance(event, PullLabeled) else issue.labels

    def hears(_: str, on: Listen) -> bool:
        return on.pull_request is not None and passes(on.pull_request, what, labels, pull, facts.changed)

    once = facts.labelling.id if facts.labelling is not None else pull.head_sha
    snapshot = as_it_stood(facts, event.title, event.body, at)
    occasion = Occasion(
        on="pull_request",
        key=f"pull:{event.repo.id}:{event.number}:{what}:{once}",
        source=f"event of #{event.number}",
        subject=Subject(kind=SubjectKind.pull_request, number=event.number),
        snapshot=snapshot.model_copy(update={"head": pull.head_sha, "fork": pull.from_fork(facts.repository.id)}),
        person=person.login,
        base=(pull.base_ref, pull.base_sha),
    )
    return started(occasion, facts, hears)


def _actor(event: PullEvent, issue: Issue, pull: Pull, facts: Facts) -> tuple[Account, datetime] | Ignore:
    """In whose name something starts, and when they did it, as GitHub says; or why there is nobody."""
    if isinstance(event, PullLabeled):
        label = facts.labelling
        if label is None:
            return Ignore(f"the pull request does not carry the label {event.label!r} any more")
        return label.actor, label.created_at
    if isinstance(event, PullPushed):
        if pull.from_fork(facts.repository.id):
            return Ignore(
                "a push to a fork: who pushed cannot be asked, and anybody may have; a command starts work on it"
            )
        return pull.author, facts.told_at
    if event.how == "opened":
        if facts.told_at - issue.created_at > REDELIVERED:
            return Ignore("the pull request was opened long ago")
        return pull.author, issue.created_at
    if event.how == "ready_for_review" and pull.draft:
        return Ignore("the pull request is a draft again")
    if facts.turn is None:
        return Ignore(f"GitHub does not show that the pull request was {_DONE[event.how]}")
    return facts.turn.actor, facts.turn.created_at


_DONE = {"reopened": "opened again", "ready_for_review": "taken out of draft"}


def _type(event: PullEvent) -> PullType:
    if isinstance(event, PullOffered):
        return event.how
    return "synchronize" if isinstance(event, PullPushed) else "labeled"


def _head(event: PullEvent) -> Sha | None:
    """The head that the event tells of. A label is put on the pull request, whatever its head is."""
    if isinstance(event, PullLabeled):
        return None
    return event.head_sha if isinstance(event, PullOffered) else event.after
