"""Tell people what they ask: `/status` and `/help`. Anybody may ask."""

from handlers import replies
from handlers.asked.order import Answer, Order, said
from handlers.listening import verbs


def status(order: Order) -> Answer:
    """Where the newest run stands."""
    if not order.facts.runs:
        return said(order, replies.nothing_here())
    run = order.run or order.facts.runs[0]
    return said(order, replies.status(run, (order.facts.steps or {}).get(run.id, ()), order.facts.hold))


def help_(order: Order) -> Answer:
    return said(order, replies.help_(order.facts.app.slug, tuple(verbs(order.facts.workflows).values())))
