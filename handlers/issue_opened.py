"""An issue is opened: a workflow's label that it came with starts that workflow, and harmless commands are answered.

GitHub tells of the label in an event of its own, too; both lead to the same labelling, and to one run.
"""

from dataclasses import replace

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers import harmless, issue_triggers
from handlers.commands import might_command
from handlers.comment_created import also_asked
from handlers.events import IssueOpened
from handlers.issue_labeled import label_query, labelled
from handlers.listening import LABELS

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
    return harmless.opening(event, facts, "issue")


def _label(event: IssueOpened) -> str | None:
    return next((label for label in event.labels if label.lower().startswith(LABELS)), None)
