"""An issue is opened: a workflow's label that it came with starts that workflow, and harmless commands are answered.

GitHub tells of the label in an event of its own, too; both lead to the same labelling, and to one run.
"""

from dataclasses import replace

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers import issue_triggers
from handlers.asked import Order, carry_out
from handlers.authors import ignored
from handlers.commands import Refusal, might_command, parse
from handlers.comment_created import also_asked
from handlers.events import IssueOpened
from handlers.issue_labeled import label_query, labelled
from handlers.listening import LABELS
from handlers.rules import broken, policy_of
from handlers.verbs import VERBS

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
    if why := ignored(facts.issue.author, facts.app):
        return [why]
    if facts.issue.body != event.body:
        return [Ignore("the issue was edited meanwhile")]
    return _answers(event, facts, facts.issue.author.login)


def _answers(event: IssueOpened, facts: Facts, author: str) -> list[Intent]:
    """Answers to the commands that change nothing: the text of an issue starts no work and grants nothing."""
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    commands = parse(event.body, slug=facts.app.slug, namespaced=policy.commands == "namespaced")
    if isinstance(commands, Refusal):
        return [Ignore(f"in the text of an issue: {commands.why}")]
    harmless = [command for command in commands if not VERBS[command.verb].decides]
    if not harmless:
        return [Ignore("the text of an issue starts nothing; a comment or a label does")]
    intents: list[Intent] = []
    for command in harmless:
        order = Order(
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
        intents += carry_out(order).intents
    return intents


def _label(event: IssueOpened) -> str | None:
    return next((label for label in event.labels if label.lower().startswith(LABELS)), None)
