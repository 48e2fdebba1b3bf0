"""Tell people what they ask: `/status`, `/why` and `/help`. Anybody may ask."""

from handlers import replies
from handlers.asked.order import Answer, Order, said
from handlers.listening import verbs


def status(order: Order) -> Answer:
    """Where the run at work stands, or the newest, and who is in line behind it."""
    if not order.facts.runs:
        return said(order, replies.nothing_here())
    run = order.run or order.facts.runs[0]
    in_line = [one for one in reversed(order.facts.unfinished) if one.behind_id is not None]
    steps = (order.facts.steps or {}).get(run.id, ())
    return said(order, replies.status(run, steps, order.facts.hold, in_line))


def why(order: Order) -> Answer:
    """What was decided here last, and by which rule; and what brought nothing about."""
    return said(order, replies.why(order.facts.decisions, order.facts.passed_by))


def help_(order: Order) -> Answer:
    return said(order, replies.help_(order.facts.app.slug, tuple(verbs(order.facts.workflows).values())))
