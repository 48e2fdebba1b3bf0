"""Pin the status: one issue of the repository that lists what waits for somebody, kept up to date until it is closed.

Whoever asks is answered once the issue is there, with where it is.
"""

from core.intents import AskForBoard
from handlers.asked.order import Answer, Order, accepted, refused
from policies.evaluate import may_command


def pin_status(order: Order) -> Answer:
    """Have it made, or opened and pinned again."""
    verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=None)
    if not verdict.approved:
        return refused(order, verdict)
    return accepted(order, AskForBoard(number=order.number, actor=order.actor, key=order.key, at=order.at))
