"""Commands in a text that starts no work and grants nothing, such as an issue's own: those that change nothing are
answered, and any other is left to the places where it counts.
"""

from collections.abc import Callable

from core.errors import PolicyInvalid
from core.facts import Facts
from core.intents import Ignore, Intent
from core.names import Repo
from handlers.asked import Order, carry_out
from handlers.commands import Command, Refusal, parse
from handlers.rules import broken, policy_of
from handlers.verbs import VERBS
from policies.schema import Policy


def answers(
    text: str,
    repo: Repo,
    number: int,
    facts: Facts,
    order: Callable[[Policy, Command], Order],
    *,
    where: str,
    otherwise: str,
) -> list[Intent]:
    """The answers. For the log: `where` the text stands, and what is said of a text without any (`otherwise`)."""
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, repo, number, facts)
    commands = parse(text, slug=facts.app.slug, namespaced=policy.commands == "namespaced")
    if isinstance(commands, Refusal):
        return [Ignore(f"{where}: {commands.why}")]
    harmless = [command for command in commands if not VERBS[command.verb].decides]
    if not harmless:
        return [Ignore(otherwise)]
    return [intent for command in harmless for intent in carry_out(order(policy, command)).intents]
