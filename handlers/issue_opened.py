"""An issue is opened: a workflow's label that it came with starts that workflow, and harmless commands are answered.

GitHub tells of the label in an event of its own, too; both lead to the same labelling, and to one run.
"""

from dataclasses import replace

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers import harmless, issue_triggers
from handlers.asked import Order
from handlers.authors import unheard
from handlers.commands import Command, might_command
from handlers.comment_created import also_asked
from handlers.events import IssueOpened
from handlers.issue_labeled import label_query, labelled
from handlers.listening import LABELS
from policies.schema import Policy

EVENT = IssueOpened


def needs(event: IssueOpened) -> FactQuery:
    if (label := _label(event)) is not None:
        return label_query(event.number, label)
    query = FactQuery(number=event.number, role_of=event.sender.login, thread=True, policy=True, workflows=True)
    # An answer to a command needs the policy whether a workflow listens or not.
    return also_asked(query, event.body) if might_command(event.body) else replace(query, listening="issues")


def plan(event: IssueOpened, facts: Facts) -> list[Intent]:
    if (label := _label(event)) is not None:
        return labelled(event, label, facts)
    if facts.workflows is None or not facts.workflows.listening("issues"):
        return _said(event, facts)
    answers = _said(event, facts) if might_command(event.body) else []
    return [*answers, *issue_triggers.opened(event, facts)]


def _said(event: IssueOpened, facts: Facts) -> list[Intent]:
    if not might_command(event.body) or facts.issue is None:
        return [Ignore("an issue without a label or command of ours")]
    if why := unheard(facts.issue.author, facts):
        return [why]
    if facts.issue.body != event.body:
        return [Ignore("the issue was edited meanwhile")]
    return _answers(event, facts, facts.issue.author.login)


def _answers(event: IssueOpened, facts: Facts, author: str) -> list[Intent]:
    """Answers to the commands that change nothing: the text of an issue starts no work and grants nothing."""

    def order(policy: Policy, command: Command) -> Order:
        return Order(
            verb=command.verb,
            args=command.args,
            actor=author,
            at=event.created_at,
            key=f"issue:{event.node_id}:{command.index}:{command.verb}",
            repo=event.repo,
            number=event.number,
            facts=facts,
            policy=policy,
            title=event.title,
            body=event.body,
            source="issue",
        )

    return harmless.answers(
        event.body,
        event.repo,
        event.number,
        facts,
        order,
        where="in the text of an issue",
        otherwise="the text of an issue starts nothing; a comment or a label does",
    )


def _label(event: IssueOpened) -> str | None:
    return next((label for label in event.labels if label.lower().startswith(LABELS)), None)
