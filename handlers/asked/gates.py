"""Approve and reject: what people say to a run that waits for them.

An approval binds to a digest, never to "whatever is there": a bare `/approve` means what the gate showed before it was
written, and nothing newer. The engine asks again who it was, and which digest, when it acts.
"""

from core.digests import matches
from core.intents import Ignore, Signal
from core.runs import Run, SignalKind
from core.states import WaitingFor
from handlers import replies
from handlers.asked.order import Answer, Order, accepted, mistaken, refused
from policies.evaluate import may_approve, may_command
from policies.people import GateName


def gate_of(run: Run) -> GateName:
    """What a run that waits for an approval asks about: the change once there is a pull request, before it the plan."""
    return "change" if run.pull_number is not None else "plan"


def approve(order: Order) -> Answer:
    """Approve what the run waits for, if this person may and if it is what they have seen."""
    run = order.run
    if run is None or run.waiting is None or run.waiting.what is not WaitingFor.approval:
        if order.quiet:
            return Answer((Ignore("nothing waits for an approval"),))
        return mistaken(order, replies.nothing_waits(run))
    binds, current = gate_of(run), run.waiting.digest
    verdict = may_approve(order.policy, binds, role=order.role, actor=order.actor, requester=run.requester)
    if not verdict.approved:
        return refused(order, verdict)
    if current is None:
        return mistaken(order, replies.nothing_waits(run))
    if order.args:
        if not matches(order.args, current):
            return mistaken(order, replies.older(binds, current))
    elif order.comment_id is not None and order.at < run.updated_at.replace(microsecond=0):
        # GitHub's times have whole seconds. A review and a button name their own head.
        return mistaken(order, replies.written_before(binds, current))
    return accepted(
        order,
        Signal(
            run_id=run.id,
            kind=SignalKind.approve,
            key=order.key,
            actor=order.actor,
            digest=current,
            comment_id=order.comment_id,
            review_id=order.review_id,
        ),
    )


def reject(order: Order) -> Answer:
    """End the run that is at work here, for a reason."""
    return _end(order, SignalKind.reject)


def cancel(order: Order) -> Answer:
    """Stop the run that is at work here."""
    return _end(order, SignalKind.cancel)


def _end(order: Order, kind: SignalKind) -> Answer:
    run = order.run
    if run is None:
        return mistaken(order, replies.no_run_to(order.verb))
    verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=run.requester)
    if not verdict.approved:
        return refused(order, verdict)
    return accepted(
        order,
        Signal(
            run_id=run.id,
            kind=kind,
            key=order.key,
            actor=order.actor,
            text=order.args,
            comment_id=order.comment_id,
            review_id=order.review_id,
        ),
    )
