"""Hold and unhold: people stop work on a subject, or an admin on the whole repository, until it may go on.

Nothing is lost by it: what is at work stops at its next turn, and what is said meanwhile is heard afterwards.
"""

from core.intents import SetHold
from handlers import replies
from handlers.asked.order import Answer, Order, accepted, mistaken, refused, said
from policies.evaluate import may_command, may_hold_all

WHOLE = "repository"


def hold(order: Order) -> Answer:
    """Hold this issue or pull request, for a reason; `/hold repository` holds everything."""
    whole, reason = _about(order)
    if whole:
        verdict = may_hold_all(order.verb, role=order.role, actor=order.actor)
    else:
        requester = order.run.requester if order.run is not None else None
        verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=requester)
    if not verdict.approved:
        return refused(order, verdict)
    return _with_words(order, _set(order, whole, held=True, reason=reason), replies.holds_now(whole))


def unhold(order: Order) -> Answer:
    """Let it go on: whoever held it may, and whoever may stop other people's work. The operator's hold stands."""
    whole, reason = _about(order)
    standing = order.facts.hold
    mine = standing is not None and standing.by is not None and standing.by.casefold() == order.actor.casefold()
    if whole:
        verdict = may_hold_all(order.verb, role=order.role, actor=order.actor)
    else:
        requester = order.actor if mine and standing is not None and standing.number is not None else None
        verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=requester)
    if not verdict.approved:
        return refused(order, verdict)
    if standing is None:
        return mistaken(order, replies.nothing_held())
    if standing.by is None or (standing.number is None) != whole:
        return mistaken(order, replies.held_otherwise(standing))
    return _with_words(order, _set(order, whole, held=False, reason=reason), replies.goes_on(whole))


def _about(order: Order) -> tuple[bool, str]:
    """Whether the whole repository is meant, and the words that are left."""
    first, _, rest = order.args.partition(" ")
    return (True, rest.strip()) if first.casefold() == WHOLE else (False, order.args)


def _set(order: Order, whole: bool, *, held: bool, reason: str) -> SetHold:
    # On a pull request of ours its run is meant, which is about an issue.
    about = order.run.subject.number if order.run is not None else order.number
    return SetHold(
        number=None if whole else about, held=held, reason=reason, actor=order.actor, key=order.key, at=order.at
    )


def _with_words(order: Order, intent: SetHold, words: str) -> Answer:
    return Answer((*accepted(order, intent).intents, *said(order, words).intents))
