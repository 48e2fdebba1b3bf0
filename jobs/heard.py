"""What people said to a run, heard by the lease holder: every signal is applied once, whatever the run does just then.

A step says for what it listens, and judges that itself. Everything else means the same everywhere: a rejection ends the
run, an edit voids what it granted, and an approval or an answer that nothing asks for is told so. What a signal says is
read again from GitHub, with whoever said it: an event alone may be forged.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import approvals, effects, events, runs, signals
from core.effects import PostComment
from core.errors import NotShownYet
from core.github import Comment, Review
from core.names import Role
from core.runs import NewEffect, NewSignal, SignalKind
from core.states import Trigger
from handlers import replies
from handlers.asked.order import refusal_key, told_once
from jobs import boxes, checks
from jobs.facts import settled
from jobs.outcomes import End
from jobs.work import Work
from policies.evaluate import may_command, may_raise
from policies.result import Status, all_of
from policies.schema import Policy


@dataclass(frozen=True, slots=True)
class Counts:
    """The signal counts. `write` puts down what follows, in the transaction that applies it: never twice."""

    outcome: str
    write: Callable[[AsyncConnection], Awaitable[None]]


CALLS_OFF = frozenset({SignalKind.cancel, SignalKind.closed, SignalKind.take})
"""Signals that end a run wherever it is."""

Judge = Callable[[NewSignal], Awaitable[Counts | str]]
"""What a signal counts for; or in words why it does not, which the person was told where it is theirs to mend."""


async def hear(work: Work, policy: Policy | None, judges: Mapping[SignalKind, Judge], *, about: str) -> End | None:
    """Apply every signal that came in, oldest first. An End where somebody rejected what the step is `about`.

    Without a `policy` the one in force judges a rejection, and is asked for only then.
    The rejection itself stays unapplied until the run has ended: whatever fails on the way, it is seen again.
    """
    async with work.services.store.read() as db:
        pending = await signals.pending(db, work.run.id)
    for signal in pending:
        if signal.kind in CALLS_OFF:
            continue  # the engine calls the run off
        judge = judges.get(signal.kind)
        judged = await judge(signal) if judge is not None else await _anywhere(work, policy, signal, about)
        if isinstance(judged, End):
            return judged
        await _applied(work, signal, judged)
    return None


async def _anywhere(work: Work, policy: Policy | None, signal: NewSignal, about: str) -> Counts | str | End:
    """What a signal means to a step that does not listen for it."""
    match signal.kind:
        case SignalKind.approve | SignalKind.keep | SignalKind.answer:
            return await _unasked(work, policy or (await work.policy()).policy, signal)
        case SignalKind.revise:
            await reply(work, signal, replies.nothing_to_revise(work.run))
            return "refused: nothing to revise"
        case SignalKind.reject:
            refused = await _reject(work, policy or (await work.policy()).policy, signal)
            if refused is None:
                why = f"@{signal.actor} rejected the {about}: {signal.text or 'no reason given'}"
                return End(Trigger.reject, why, actor=signal.actor)
            return refused
        case SignalKind.budget:
            return await _raise(work, policy or (await work.policy()).policy, signal)
        case SignalKind.void:
            return await _void(work, signal)
        case SignalKind.look_again:
            return await checks.again(work, signal.text, signal.key)
        case _:
            # Whoever ships, merges, takes paths, waits for parts or for checks, or put something off looks at that
            # itself when it is woken.
            return "seen"


async def comment_of(work: Work, signal: NewSignal) -> Comment | None:
    """The comment that the signal came from, if its author wrote it and never edited it.

    What counts must be what people can still read.
    """
    if signal.comment_id is None:
        return None
    comment = await work.github.comment(signal.comment_id)
    if comment is None or comment.author.login != signal.actor or comment.updated_at != comment.created_at:
        return None
    return comment


async def untouched(work: Work, comment_id: int) -> Comment | None:
    """The comment as its author wrote it; None where it is gone, or was ever edited."""
    comment = await work.github.comment(comment_id)
    return comment if comment is not None and comment.updated_at == comment.created_at else None


async def review_of(work: Work, signal: NewSignal) -> Review | None:
    """The review that the signal came from, if its author wrote it."""
    if signal.review_id is None or work.run.pull_number is None:
        return None
    review = await work.github.review(work.run.pull_number, signal.review_id)
    return review if review is not None and review.author.login == signal.actor else None


async def words_of(work: Work, signal: NewSignal) -> Comment | Review | None:
    """What the signal came from, as its author left it; None where it is gone or was edited. Raises NotShownYet."""
    looked_at = work.services.clock.now()
    said = await comment_of(work, signal) or await review_of(work, signal)
    if said is None:
        wait_until_shown(signal, looked_at)
    return said


def wait_until_shown(signal: NewSignal, looked_at: datetime) -> None:
    """Raises NotShownYet where the words were so new when they were looked for that GitHub may yet show them."""
    if not settled(signal.at, looked_at):
        raise NotShownYet(f"GitHub does not show yet what @{signal.actor} said.")


async def reply(work: Work, signal: NewSignal, body: str) -> None:
    """One reply per signal, where the person spoke; none where that conversation is locked."""
    await work.say(f"answer:{signal.key}", body, number=_where(work, signal), where_open=True)


def _where(work: Work, signal: NewSignal) -> int | None:
    """The thread in which the person spoke, as far as that is known."""
    if signal.review_id is not None or (signal.comment_id is not None and work.newest("Shipment")):
        return work.run.pull_number or work.thread
    return work.thread


async def refuse(work: Work, policy: Policy, signal: NewSignal, role: Role, body: str) -> None:
    """`reply()` to somebody whose word does not count. Whoever may not start work here, and bots, are told once in a
    thread, however often they say it: under the key under which the handlers refuse.
    """
    number = _where(work, signal)
    if number is None or not told_once(signal.actor, role, policy):
        await reply(work, signal, body)
        return
    now, act = work.services.clock.now(), PostComment(number=number, body=body)
    key = f"say:{refusal_key(work.run.repo, number, signal.actor)}"
    async with work.lease.write() as db:
        await effects.insert(db, NewEffect(key=key, run_id=None, repo=work.run.repo, act=act, at=now))


async def _unasked(work: Work, policy: Policy, signal: NewSignal) -> str:
    what = "an answer" if signal.kind is SignalKind.answer else "an approval"
    role = await work.role(signal.actor)
    await refuse(work, policy, signal, role, replies.not_asked_now(what))
    return f"refused: nothing asks for {what}"


async def _reject(work: Work, policy: Policy, signal: NewSignal) -> str | None:
    """None where the rejection counts; else what became of it.

    Of a button the event alone tells who pressed it. That is enough to stop: their role is looked up as ever.
    """
    pressed, looked_at = signal.comment_id is None and signal.review_id is None, work.services.clock.now()
    if not pressed and not await _said_still(work, signal):
        wait_until_shown(signal, looked_at)
        return "refused: what rejected is gone or was edited"
    role = await work.github.role(signal.actor)
    allowed = may_command(policy, "reject", role=role, actor=signal.actor, requester=work.run.requester)
    if allowed.status is Status.approved:
        return None
    await reply(work, signal, replies.refused(allowed))
    return f"refused: {allowed.why}"


async def _said_still(work: Work, signal: NewSignal) -> bool:
    if signal.edit_id is not None:
        return await boxes.tick_stands(work, signal.comment_id, signal.edit_id)
    return (await comment_of(work, signal) or await review_of(work, signal)) is not None


async def _raise(work: Work, policy: Policy, signal: NewSignal) -> Counts | str:
    """Let the run cost more, if whoever said so may now and policy allows as much."""
    if await words_of(work, signal) is None:
        return "refused: what raised the budget is gone or was edited"
    role, more = await work.github.role(signal.actor), Decimal(signal.text.lstrip("+$"))
    async with work.services.store.read() as db:
        extra = (await runs.require(db, work.run.id)).extra_usd
    may = may_command(policy, "budget", role=role, actor=signal.actor, requester=work.run.requester)
    allowed = all_of("raise the budget", (may, may_raise(policy, by=more, extra=extra)))
    if not allowed.approved:
        await reply(work, signal, replies.refused(allowed))
        return f"refused: {allowed.why}"

    async def write(db: AsyncConnection) -> None:
        now = work.services.clock.now()
        await runs.raise_budget(db, work.run.id, work.epoch, more)
        await runs.wake_for_budget(db, work.run.id, now)
        facts = {"usd": str(more), "role": role, "extra_usd": str(extra + more)}
        await events.append(db, work.run.id, name="budget.raised", actor=signal.actor, facts=facts, at=now)

    limit = Decimal(str(policy.limits.run_cost_usd)) + extra + more
    await reply(work, signal, replies.budget_raised(limit))
    return Counts("raised", write)


async def _void(work: Work, signal: NewSignal) -> str:
    why = signal.text or "what approved was edited, deleted or dismissed"
    async with work.lease.write() as db:
        count = await approvals.void(db, work.run.id, comment_id=signal.comment_id, review_id=signal.review_id, why=why)
    return f"voided {count}"


async def seen(work: Work, signal: NewSignal) -> None:
    """The signal asked for no more than a look, and is taken note of."""
    await _applied(work, signal, "seen")


async def _applied(work: Work, signal: NewSignal, judged: Counts | str) -> None:
    """Write what became of the signal, and what follows from it, in one transaction: a crash never grants twice."""
    outcome = judged if isinstance(judged, str) else judged.outcome
    facts = {"kind": signal.kind, "outcome": outcome}
    async with work.lease.write() as db:
        if isinstance(judged, Counts):
            await judged.write(db)
        await signals.applied(db, work.run.id, work.epoch, signal.key, outcome)
        at = work.services.clock.now()
        await events.append(db, work.run.id, name="signal.applied", actor=signal.actor, facts=facts, at=at)
