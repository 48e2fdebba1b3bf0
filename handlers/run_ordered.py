"""The operator asks for a run on the command line, in the name of somebody whose role must allow it, or in our own.

Nothing is said in a thread: whoever asked reads the outcome where they asked.
"""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from core.names import Subject, SubjectKind
from core.runs import Snapshot
from core.workflow import Workflow
from handlers import replies
from handlers.asked.giving import Wrong, fitting
from handlers.asked.starting import as_it_stood
from handlers.automatic import Ordered
from handlers.triggered import WHOLE, Occasion, about_the_repository, begun, needs_thread

EVENT = Ordered


def needs(event: Ordered) -> FactQuery:
    return FactQuery(
        number=event.number,
        whole=event.number is None,
        role_of=event.login,
        thread=event.number is not None,
        policy=True,
        workflows=True,
    )


def plan(event: Ordered, facts: Facts) -> list[Intent]:
    entry = facts.workflows.get(event.workflow) if facts.workflows is not None else None
    if entry is None:
        return [Ignore(f"there is no workflow `{event.workflow}` in {event.repo.full_name}")]
    if entry.workflow is None:
        return [Ignore(replies.workflow_broken(entry))]
    if event.login is None and entry.own:
        return [Ignore(f"`{event.workflow}` is {entry.path} there: it is done in the name of a person alone (`--as`)")]
    if facts.repository.archived:
        return [Ignore(f"{event.repo.full_name} is archived, so nothing can be written there")]
    inputs = fitting(entry.workflow, event.inputs)
    if isinstance(inputs, Wrong):
        return [Ignore("; ".join(inputs.mistakes))]
    about = _about(event, entry.workflow, facts)
    if isinstance(about, Ignore):
        return [about]
    subject, snapshot = about
    occasion = Occasion(
        on="",
        key=f"cli:{event.delivery}",
        source="cli",
        subject=subject,
        snapshot=snapshot,
        person=event.login,
        values=inputs,
    )
    return begun(entry.name, occasion, facts)


def _about(event: Ordered, workflow: Workflow, facts: Facts) -> tuple[Subject, Snapshot] | Ignore:
    """What the run is about, with its text; or why there can be none."""
    if event.number is None:
        if needs_thread(workflow):
            return Ignore(f"`{workflow.name}` speaks in a thread: name an issue")
        title = f"A run of {workflow.name}, asked for by {event.login or 'the operator'}"
        return WHOLE, about_the_repository(title, facts)
    issue = facts.issue
    if issue is None or issue.is_pull_request or not issue.open:
        return Ignore(f"#{event.number} is no open issue")
    if facts.active is not None and workflow.concurrency == "refuse":
        return Ignore(replies.already_running(facts.active))
    return Subject(kind=SubjectKind.issue, number=event.number), as_it_stood(
        facts, issue.title, issue.body, facts.told_at
    )
