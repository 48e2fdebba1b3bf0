"""Somebody presses Approve or Reject on a check run: the same authorisation as for the command.

Nothing but the signed payload tells who pressed it; their role is looked up live, and only our own check counts.
"""

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Say
from handlers import replies
from handlers.asked import Order, carry_out
from handlers.authors import ignored
from handlers.events import CheckRequested
from handlers.rules import broken, policy_of

EVENT = CheckRequested

VERBS = frozenset({"approve", "reject"})


def needs(event: CheckRequested) -> FactQuery:
    return FactQuery(number=event.number, role_of=event.sender.login, pull=event.number, policy=True)


def plan(event: CheckRequested, facts: Facts) -> list[Intent]:
    run, pull = facts.active, facts.pull
    if event.app_id != facts.app.id or event.identifier not in VERBS:
        return [Ignore("not a button of ours")]
    if why := ignored(event.sender, facts.app):
        return [why]
    if run is None or pull is None or run.pull_number != event.number:
        return [Ignore("no run at work here opened this pull request")]
    digest = run.waiting.digest if run.waiting is not None else None
    key = f"check:{event.check_id}:{event.identifier}:{event.sender.login.casefold()}:{digest or 'none'}"
    if event.head_sha != pull.head_sha:
        return [Say(event.number, replies.branch_differs(event.number), f"{key}:answer")]
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    order = Order(
        verb=event.identifier,
        args="",
        actor=event.sender.login,
        at=run.updated_at,
        key=key,
        repo=event.repo,
        number=event.number,
        facts=facts,
        policy=policy,
        title="",
        body="",
        source=f"button of check {event.check_id}",
        on_pull=True,
        reacts=False,
    )
    return list(carry_out(order).intents)
