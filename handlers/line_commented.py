"""Somebody comments on a line of a diff: commands that change nothing are answered in the pull request's thread.

The payload alone tells who said it and what: nothing is granted by it, so nothing is read again.
"""

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers.asked import Order, carry_out
from handlers.authors import ignored
from handlers.commands import Refusal, might_command, parse
from handlers.comment_created import also_asked
from handlers.events import LineCommented
from handlers.rules import broken, policy_of
from handlers.verbs import VERBS

EVENT = LineCommented


def needs(event: LineCommented) -> FactQuery | Ignore:
    if not might_command(event.body):
        return Ignore("a comment on a line, without commands")
    query = FactQuery(number=event.number, role_of=event.sender.login, policy=True, workflows=True)
    return also_asked(query, event.body)


def plan(event: LineCommented, facts: Facts) -> list[Intent]:
    if why := ignored(event.sender, facts.app):
        return [why]
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    commands = parse(event.body, slug=facts.app.slug, namespaced=policy.commands == "namespaced")
    if isinstance(commands, Refusal):
        return [Ignore(f"on a line of a diff: {commands.why}")]
    harmless = [command for command in commands if not VERBS[command.verb].decides]
    if not harmless:
        return [Ignore("a comment on a line changes nothing; one in the thread or a review does")]
    intents: list[Intent] = []
    for command in harmless:
        order = Order(
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
        intents += carry_out(order).intents
    return intents
