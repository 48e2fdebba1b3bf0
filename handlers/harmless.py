"""Commands in a text that starts no work and grants nothing, such as an issue's own: those that change nothing are
answered, and any other is left to the places where it counts.
"""

from collections.abc import Callable
from typing import Literal

from core.errors import PolicyInvalid
from core.facts import Facts
from core.intents import Ignore, Intent
from handlers.asked import Order, carry_out
from handlers.authors import unheard
from handlers.automatic import PullOffered
from handlers.commands import Command, Refusal, parse
from handlers.events import IssueOpened, LineCommented
from handlers.rules import broken, policy_of
from handlers.verbs import VERBS
from policies.schema import Policy


def opening(event: IssueOpened | PullOffered, facts: Facts, what: Literal["issue", "pull request"]) -> list[Intent]:
    """The answers to what an issue or a pull request was opened with, where its author left that as it was."""
    issue = facts.issue
    if issue is None:
        return [Ignore(f"the {what} is gone")]
    if why := unheard(issue.author, facts):
        return [why]
    if issue.body != event.body:
        return [Ignore(f"the {what} was edited meanwhile")]

    def order(policy: Policy, command: Command) -> Order:
        return Order(
            verb=command.verb,
            args=command.args,
            actor=issue.author.login,
            at=issue.created_at,
            key=f"{what.split()[0]}:{event.node_id}:{command.index}:{command.verb}",
            repo=event.repo,
            number=event.number,
            facts=facts,
            policy=policy,
            title=event.title,
            body=event.body,
            source=what,
            on_pull=what == "pull request",
        )

    return answers(
        event,
        facts,
        order,
        where=f"in the text of {'an' if what == 'issue' else 'a'} {what}",
        otherwise=f"the text of {'an' if what == 'issue' else 'a'} {what} starts nothing; a comment or a label does",
    )


def answers(
    event: IssueOpened | PullOffered | LineCommented,
    facts: Facts,
    order: Callable[[Policy, Command], Order],
    *,
    where: str,
    otherwise: str,
) -> list[Intent]:
    """The answers to the commands in the event's text. For the log: `where` that stands, and what is said of one
    without any (`otherwise`).
    """
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    commands = parse(event.body, slug=facts.app.slug, namespaced=policy.commands == "namespaced")
    if isinstance(commands, Refusal):
        return [Ignore(f"{where}: {commands.why}")]
    harmless = [command for command in commands if not VERBS[command.verb].decides]
    if not harmless:
        return [Ignore(otherwise)]
    return [intent for command in harmless for intent in carry_out(order(policy, command)).intents]
