"""Somebody comments on a line of a diff: commands that change nothing are answered in the pull request's thread.

The payload alone tells who said it and what: nothing is granted by it, so nothing is read again.
"""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers import harmless
from handlers.asked import Order
from handlers.authors import unheard
from handlers.commands import Command, might_command
from handlers.comment_created import also_asked
from handlers.events import LineCommented
from policies.schema import Policy

EVENT = LineCommented


def needs(event: LineCommented) -> FactQuery | Ignore:
    if not might_command(event.body):
        return Ignore("a comment on a line, without commands")
    query = FactQuery(number=event.number, role_of=event.sender.login, policy=True, workflows=True)
    return also_asked(query, event.body)


def plan(event: LineCommented, facts: Facts) -> list[Intent]:
    if why := unheard(event.sender, facts):
        return [why]

    def order(policy: Policy, command: Command) -> Order:
        return Order(
            verb=command.verb,
            args=command.args,
            actor=event.sender.login,
            at=event.created_at,
            key=f"line:{event.node_id}:{command.index}:{command.verb}",
            repo=event.repo,
            number=event.number,
            facts=facts,
            policy=policy,
            title="",
            body="",
            source="comment on a line",
            on_pull=True,
            reacts=False,
        )

    return harmless.answers(
        event,
        facts,
        order,
        where="on a line of a diff",
        otherwise="a comment on a line changes nothing; one in the thread or a review does",
    )
