"""Answer: what somebody says to a question that a run asks.

The engine reads the comment again, and asks again who wrote it, before it takes the answer.
"""

from core.intents import Signal
from core.names import is_bot
from core.runs import SignalKind, Waiting
from core.states import WaitingFor
from handlers import replies
from handlers.asked.order import Answer, Order, accepted, mistaken, needing_ok, refused
from policies.evaluate import may_command


def answer(order: Order) -> Answer:
    """Hand the answer to the run that asks, if this person may start work here and if the question was there first.
    A stranger's counts where somebody vouches for it: `handlers.asked.vouching`.

    Only a comment answers: GitHub tells whether it was edited, and of a review it does not.
    """
    run = order.run
    asked = _question(run.waiting) if run is not None else None
    if run is None or asked is None:
        return mistaken(order, replies.nothing_waits(run, "an answer"))
    verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=run.requester)
    if not verdict.approved:
        counts = order.comment_id is not None and order.args and not is_bot(order.actor)
        return needing_ok(order, verdict, replies.answer_needs_ok(verdict)) if counts else refused(order, verdict)
    if order.comment_id is None:
        return mistaken(order, replies.answer_in_comment())
    if not order.args:
        return mistaken(order, replies.answer_is_empty())
    if asked.asked_in is None or order.comment_id < asked.asked_in:
        return mistaken(order, replies.answered_before_asked())
    return accepted(
        order,
        Signal(
            run_id=run.id,
            kind=SignalKind.answer,
            key=order.key,
            actor=order.actor,
            text=order.args,
            comment_id=order.comment_id,
        ),
    )


def _question(waiting: Waiting | None) -> Waiting | None:
    """The question that stands, also while somebody looks at what was said to it."""
    return waiting if waiting is not None and waiting.what is WaitingFor.answer else None
