"""Steer a run that is at work: go on now, raise its budget, revise its plan, or take its branch over.

Each is a signal to the run. What authorises it is read again from GitHub by whoever holds the run, except where the
run only ends by it.
"""

from decimal import Decimal

from core.intents import Ignore, Signal
from core.runs import Run, SignalKind
from core.states import WaitingFor
from handlers import replies
from handlers.asked.order import Answer, Order, accepted, mistaken, refused, said
from policies.evaluate import may_command
from policies.people import may_raise

_PUT_OFF = frozenset({WaitingFor.budget, WaitingFor.time})
"""What a run waits for that nobody else brings about sooner."""


def continue_(order: Order) -> Answer:
    """Have the run look again at what it put off: a budget that was spent, a pause before another attempt, or a branch
    that somebody pushed to, which it goes on with.
    """
    run = order.run
    if run is None:
        return mistaken(order, replies.no_run_to(order.verb))
    if (no := _may_not(order, run)) is not None:
        return no
    if order.facts.hold is not None:
        return mistaken(order, replies.held(run, order.facts.hold))
    if run.waiting is None or not (run.waiting.stuck or run.waiting.what in _PUT_OFF):
        return mistaken(order, replies.nothing_put_off(run))
    return accepted(order, _signal(order, run, SignalKind.go_on))


def budget(order: Order) -> Answer:
    """Say what was spent; with `+N`, raise what the run may cost by N dollars, as far as policy allows."""
    run, spent, limits = order.run, order.facts.spent, order.policy.limits
    if not order.args:
        limit = Decimal(str(limits.run_cost_usd)) + (run.extra_usd if run is not None else 0)
        return said(order, replies.spending(run, spent, limit))
    if run is None:
        return mistaken(order, replies.no_run_to("pay more for"))
    if (no := _may_not(order, run)) is not None:
        return no
    verdict = may_raise(order.policy, by=Decimal(order.args.lstrip("+$")), extra=run.extra_usd)
    if not verdict.approved:
        return mistaken(order, replies.refused(verdict))
    return accepted(order, _signal(order, run, SignalKind.budget, order.args))


def take(order: Order) -> Answer:
    """Hand the run's pull request to whoever asks: the run ends, and its branch is pushed to no more."""
    run = order.run
    if run is None:
        return mistaken(order, replies.no_run_to("take over"))
    if (no := _may_not(order, run)) is not None:
        return no
    if run.pull_number is None:
        return mistaken(order, replies.nothing_to_take(run))
    return accepted(order, _signal(order, run, SignalKind.take))


def revise(order: Order) -> Answer:
    """Have what waits to be approved made anew, with what this person says of it.

    A review that asks for changes says it too; where it cannot mean that here, it is a review like any other.
    """
    run = order.run
    if order.quiet and (run is None or _may_not(order, run) is not None or not _asks(run)):
        return Answer((Ignore("a review that asks for changes, and nothing to change that its author may choose"),))
    if run is None:
        return mistaken(order, replies.no_run_to(order.verb))
    if (no := _may_not(order, run)) is not None:
        return no
    if not order.args:
        return mistaken(order, replies.revise_is_empty())
    if not _asks(run):
        return mistaken(order, replies.nothing_to_revise(run))
    return accepted(order, _signal(order, run, SignalKind.revise, order.args))


def _asks(run: Run) -> bool:
    return run.waiting is not None and run.waiting.what is WaitingFor.approval


def _may_not(order: Order, run: Run) -> Answer | None:
    """The refusal, where this person may not say this here."""
    verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=run.requester)
    return None if verdict.approved else refused(order, verdict)


def _signal(order: Order, run: Run, kind: SignalKind, text: str = "") -> Signal:
    return Signal(
        run_id=run.id,
        kind=kind,
        key=order.key,
        actor=order.actor,
        text=text,
        comment_id=order.comment_id,
        review_id=order.review_id,
    )
