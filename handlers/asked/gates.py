"""Approve and reject: what people say to a run that waits for them.

An approval binds to a digest, never to "whatever is there": a bare `/approve` means what the gate showed before it was
written, and nothing newer. The engine asks again who it was, and which digest, when it acts.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from core.digests import matches
from core.intents import Ignore, Signal
from core.names import Digest
from core.runs import Run, SignalKind, Waiting
from core.states import WaitingFor
from handlers import replies
from handlers.asked.order import Answer, Order, accepted, mistaken, refused, said
from handlers.commands import paths_in
from policies.approving import ACTION_OF, approver
from policies.considered import Considered, Yes
from policies.evaluate import may_approve, may_command
from policies.needs import rules_decide
from policies.people import GateName
from policies.result import Result, Status


def gate_of(run: Run) -> GateName:
    """What a run that waits for an approval asks about: the change once there is a pull request, before it the plan."""
    if run.waiting is not None and run.waiting.binds is not None:
        return run.waiting.binds
    return "change" if run.pull_number is not None else "plan"


def approve(order: Order) -> Answer:
    """Approve what the run waits for, if this person may and if it is what they have seen.

    A digest and a review name what they approve, so they are handed on also where the run is just now between two
    waits; a bare `/approve` needs a question that it can answer.
    """
    run = order.run
    names_content = bool(order.args) or order.review_id is not None
    if run is None or (not names_content and _asked(run) is None):
        if order.quiet:
            return Answer((Ignore("nothing waits for an approval"),))
        return mistaken(order, replies.nothing_waits(run))
    binds, current = gate_of(run), _asked(run)
    verdict = _may_approve(order, run, binds)
    if verdict.status is Status.denied:
        return refused(order, verdict)
    digest, _, named = order.args.partition(" ")
    if current is not None and digest and not matches(digest, current):
        return mistaken(order, replies.older(binds, current))
    if paths := paths_in(named):
        return _keep(order, run, digest, paths)
    if current is not None and not names_content and _written_before(order, run.waiting):
        return mistaken(order, replies.written_before(binds, current))
    answer = accepted(
        order,
        Signal(
            run_id=run.id,
            kind=SignalKind.approve,
            key=order.key,
            actor=order.actor,
            digest=current or order.args.strip("`").lower() or None,
            comment_id=order.comment_id,
            review_id=order.review_id,
        ),
    )
    if order.review_id is not None or current is None:
        return answer  # a review is GitHub's own, and says itself what it covers
    means = replies.approving(binds, current, order.policy.merge, run.pull_number)
    return Answer((*answer.intents, *said(order, means).intents))


def _keep(order: Order, run: Run, digest: str, paths: Sequence[str]) -> Answer:
    """Have these files of the change alone. The run looks whether it has them, and asks again for what is left."""
    if gate_of(run) != "change" or _asked(run) is None:
        return mistaken(order, replies.files_of_a_change_only())
    return accepted(
        order,
        Signal(
            run_id=run.id,
            kind=SignalKind.keep,
            key=order.key,
            actor=order.actor,
            digest=digest.strip("`").lower(),
            text=json.dumps(paths),
            comment_id=order.comment_id,
            review_id=order.review_id,
        ),
    )


def _may_approve(order: Order, run: Run, binds: GateName) -> Result:
    """Whether this person's approval may count. In doubt the gate says: it looks up teams and owners."""
    if not rules_decide(order.policy):
        return may_approve(order.policy, binds, role=order.role, actor=order.actor, requester=run.requester)
    known = Considered(
        action=ACTION_OF[binds],
        now=order.at,
        repository=order.repo.full_name,
        workflow=run.workflow,
        requester=run.requester,
        title=run.snapshot.title,
        base=run.base_ref,
        author=run.snapshot.author or None,
    )
    return approver(order.policy, binds, Yes(by=order.actor, role=order.role, at=order.at), known)


def _asked(run: Run) -> Digest | None:
    """The digest that the run waits to have approved; None while it waits for nothing of the kind."""
    waiting = run.waiting
    return waiting.digest if waiting is not None and waiting.what is WaitingFor.approval else None


def _written_before(order: Order, waiting: Waiting | None) -> bool:
    """Whether a comment is older than the question. By their ids: GitHub's times have whole seconds, and our clock is
    not its clock."""
    if order.comment_id is None:
        return False
    return waiting is None or waiting.asked_in is None or order.comment_id < waiting.asked_in


def reject(order: Order) -> Answer:
    """End the run that is at work here, for a reason."""
    return _end(order, SignalKind.reject, order.run)


def cancel(order: Order) -> Answer:
    """Stop the run that is at work here, or the one in line that is named; say who is in line still."""
    in_line = [run for run in reversed(order.facts.unfinished) if run.behind_id is not None]
    first, _, rest = order.args.partition(" ")
    named = next((run for run in in_line if run.id == first.strip("`")), None)
    if named is not None:
        answer = _end(replace(order, args=rest.strip()), SignalKind.cancel, named)
        told = replies.out_of_line(named)
    else:
        answer = _end(order, SignalKind.cancel, order.run)
        told = replies.next_in_line(in_line) if in_line else ""
    if answer.refused or not told:
        return answer
    return replace(answer, intents=(*answer.intents, *said(order, told).intents))


def _end(order: Order, kind: SignalKind, run: Run | None) -> Answer:
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
