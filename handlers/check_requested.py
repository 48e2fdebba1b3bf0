"""Somebody presses a button of our approval check: it may stop work, and never let anything go on.

Nothing but the signed payload tells who pressed it, and GitHub cannot be asked again. So whoever has the hook's secret
could press: what a press does must be harmless or stop something, as the same secret can anyway. Rejecting and holding
need the role that the command needs, looked up live; approving is answered with how to do it.
"""

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Say
from handlers import replies
from handlers.asked import Order, carry_out
from handlers.authors import ignored
from handlers.events import CheckRequested
from handlers.replies.checks import HOLD, HOW_TO_APPROVE, REJECT
from handlers.rules import broken, policy_of

EVENT = CheckRequested

STOPS = frozenset({REJECT.identifier, HOLD.identifier})
"""Buttons that are commands: those that only stop something."""


def needs(event: CheckRequested) -> FactQuery:
    return FactQuery(number=event.number, role_of=event.sender.login, pull=event.number, policy=True)


def plan(event: CheckRequested, facts: Facts) -> list[Intent]:
    run, pull, pressed = facts.active, facts.pull, event.identifier
    if event.app_id != facts.app.id or pressed not in {*STOPS, HOW_TO_APPROVE.identifier}:
        return [Ignore("not a button of ours")]
    if why := ignored(event.sender, facts.app):
        return [why]
    if run is None or pull is None or run.pull_number != event.number:
        return [Ignore("no run at work here opened this pull request")]
    digest = run.waiting.digest if run.waiting is not None else None
    key = f"check:{event.check_id}:{pressed}:{digest or 'none'}"
    if event.head_sha != pull.head_sha:
        return [Say(event.number, replies.branch_differs(event.number), f"{key}:answer")]
    if pressed == HOW_TO_APPROVE.identifier:
        return [Say(event.number, replies.how_to_approve(digest), f"{key}:answer")]
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    order = Order(
        verb=pressed,
        args="",
        actor=event.sender.login,
        at=facts.told_at,
        # Whoever held work, and let it go on, may hold it again: each press is its own.
        key=f"{key}:{event.sender.login.casefold()}:{event.delivery}",
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
