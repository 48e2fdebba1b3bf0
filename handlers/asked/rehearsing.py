"""Dry run: say what a workflow would do here, and what it may cost. Nothing is started, and nothing else is written."""

from handlers import replies
from handlers.asked.order import Answer, Order, mistaken, said
from handlers.listening import by_command
from policies.evaluate import may_start

USUAL = "implement"


def dry_run(order: Order) -> Answer:
    """The steps of the workflow in words, who would have to agree, and the price of such runs so far."""
    name = order.args.split(" ", 1)[0].removeprefix("/") or USUAL
    known = order.facts.workflows
    entry = (known.get(name) if known is not None else None) or by_command(known, name)
    if entry is None:
        return mistaken(order, replies.no_such_workflow(name))
    if entry.workflow is None:
        return mistaken(order, replies.workflow_broken(entry))
    verdict = may_start(order.policy, role=order.role, actor=order.actor, workflow=entry.name)
    return said(order, replies.rehearsed(entry.workflow, order.policy, verdict, order.facts.usual_usd.get(entry.name)))
