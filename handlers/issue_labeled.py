"""An issue gets a workflow's label: start that workflow, once per labelling. Others start what listens to them."""

from dataclasses import replace

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers import issue_triggers
from handlers.asked.order import Order
from handlers.asked.starting import start
from handlers.authors import unheard
from handlers.events import IssueLabeled, IssueOpened
from handlers.listening import LABELS, by_label
from handlers.rules import broken, policy_of

EVENT = IssueLabeled


def needs(event: IssueLabeled) -> FactQuery:
    query = label_query(event.number, event.label)
    return query if _ours(event.label) else replace(query, listening="issues")


def plan(event: IssueLabeled, facts: Facts) -> list[Intent]:
    return labelled(event, event.label, facts) if _ours(event.label) else issue_triggers.labelled(event, facts)


def label_query(number: int, label: str) -> FactQuery:
    """What a labelling needs that starts a workflow."""
    return FactQuery(number=number, label=label, thread=True, policy=True, workflows=True)


def _ours(label: str) -> bool:
    return label.lower().startswith(LABELS)


def labelled(event: IssueLabeled | IssueOpened, label: str, facts: Facts) -> list[Intent]:
    """What a labelling starts. Who did it, and whether the label is still there, is what GitHub's timeline says."""
    entry = by_label(facts.workflows, label)
    if entry is None:
        return [Ignore(f"no workflow listens to the label {label!r}")]
    labelling = facts.labelling
    if labelling is None:
        return [Ignore(f"the issue does not carry the label {label!r} any more")]
    if why := unheard(labelling.actor, facts):
        return [why]
    if facts.repository.archived:
        return [Ignore("the repository is archived")]
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    order = Order(
        verb=entry.command or entry.name,
        args="",
        actor=labelling.actor.login,
        at=labelling.created_at,
        key=f"repo:{event.repo.id}:issue:{event.number}:label:{entry.label}:{labelling.id}",
        repo=event.repo,
        number=event.number,
        facts=facts,
        policy=policy,
        title=event.title,
        body=event.body,
        source="label",
    )
    return list(start(order, entry).intents)
