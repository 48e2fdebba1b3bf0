"""Approvals: what people said about a gate, applied by the lease holder and checked again before anything ships.

What authorises an approval is read from GitHub when it is applied, and again when the gate opens: the comment or
review with its author, and the author's role. Whoever lost the role or changed the words has not approved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.store import approvals, events, signals
from core.digests import content, matches
from core.errors import NotShownYet
from core.github import Comment, Review, ReviewState
from core.names import Digest, Sha
from core.runs import Approval, NewSignal, SignalKind
from core.states import Trigger
from handlers import replies
from jobs.facts import settled
from jobs.outcomes import End
from jobs.work import Work
from policies.evaluate import may_approve, may_command
from policies.people import GateName
from policies.result import Status
from policies.schema import Policy


@dataclass(frozen=True, slots=True)
class Content:
    """What a gate asks about."""

    gate: str
    binds: GateName
    """`plan` or `change`."""
    digest: Digest
    head_sha: Sha | None = None
    """The head a GitHub review must cover; None before there is a pull request."""
    shown_in: int | None = None
    """The comment that shows it to people now; None where that is the pull request itself."""


async def apply(work: Work, policy: Policy, asked: Content) -> End | None:
    """Apply every signal that came in, oldest first. An End where somebody rejected.

    The rejection itself stays unapplied until the run has ended: whatever fails on the way, it is seen again.
    """
    async with work.services.store.read() as db:
        pending = await signals.pending(db, work.run.id)
    for signal in pending:
        granted: _Granted | None = None
        match signal.kind:
            case SignalKind.approve:
                decided = await _approve(work, policy, asked, signal)
                outcome, granted = ("granted", decided) if isinstance(decided, _Granted) else (decided, None)
            case SignalKind.reject:
                refused = await _reject(work, policy, signal)
                if refused is None:
                    return End(
                        Trigger.reject,
                        f"@{signal.actor} rejected the {asked.binds}: {signal.text or 'no reason given'}",
                        actor=signal.actor,
                    )
                outcome = refused
            case SignalKind.void:
                outcome = await _void(work, signal)
            case SignalKind.pushed:
                outcome = "seen"  # the caller looks at the pull request after this
            case SignalKind.cancel | SignalKind.closed:
                continue  # the engine calls the run off
        await _applied(work, signal, outcome, granted)
    return None


async def standing(work: Work, policy: Policy, asked: Content) -> Sequence[Approval]:
    """The approvals of exactly this content that still hold, each checked with GitHub now; others are voided."""
    async with work.services.store.read() as db:
        granted = await approvals.standing(db, work.run.id, asked.gate, asked.digest)
    held = []
    for approval in granted:
        why = await _no_longer(work, policy, asked, approval)
        if why is None:
            held.append(approval)
            continue
        async with work.lease.write() as db:
            await approvals.void(
                db,
                work.run.id,
                comment_id=approval.comment_id,
                review_id=approval.review_id,
                actor=approval.actor,
                why=why,
            )
            await events.append(
                db,
                work.run.id,
                name="approval.voided",
                actor=approval.actor,
                facts={"gate": asked.gate, "why": why},
                at=work.services.clock.now(),
            )
    return held


@dataclass(frozen=True, slots=True)
class _Granted:
    approval: Approval
    rule: str
    """Why this person may, for the journal."""


async def _approve(work: Work, policy: Policy, asked: Content, signal: NewSignal) -> _Granted | str:
    """The approval to grant, or why there is none, which the person was told where it is theirs to mend."""
    said = await _said(work, signal)
    if said is None:
        _wait_until_shown(work, signal)
        return "refused: what approved is gone or was edited"
    comment_hash, covers = said
    role = await work.github.role(signal.actor)
    allowed = may_approve(policy, asked.binds, role=role, actor=signal.actor, requester=work.run.requester)
    if allowed.status is not Status.approved:
        await _answer(work, signal, replies.refused(allowed))
        return f"refused: {allowed.why}"
    if signal.review_id is not None and covers != asked.head_sha:
        return "refused: the review covers another head"
    if signal.review_id is None and not matches(signal.digest or "", asked.digest):
        await _answer(work, signal, replies.older(asked.binds, asked.digest))
        return "refused: another digest"
    if signal.comment_id is not None and asked.shown_in is not None and signal.comment_id < asked.shown_in:
        # Ids of comments only grow. What this person read was taken down since, because somebody had changed it.
        return "refused: said before the plan was shown as it is"
    approval = Approval(
        run_id=work.run.id,
        gate=asked.gate,
        digest=asked.digest,
        actor=signal.actor,
        role=role,
        comment_id=signal.comment_id,
        review_id=signal.review_id,
        comment_hash=comment_hash,
        at=work.services.clock.now(),
    )
    return _Granted(approval, allowed.why)


async def _reject(work: Work, policy: Policy, signal: NewSignal) -> str | None:
    """None where the rejection counts; else what became of it."""
    if not await _spoke(work, signal):
        _wait_until_shown(work, signal)
        return "refused: what rejected is gone or was edited"
    role = await work.github.role(signal.actor)
    allowed = may_command(policy, "reject", role=role, actor=signal.actor, requester=work.run.requester)
    if allowed.status is Status.approved:
        return None
    await _answer(work, signal, replies.refused(allowed))
    return f"refused: {allowed.why}"


def _wait_until_shown(work: Work, signal: NewSignal) -> None:
    """Raises NotShownYet where the words are so new that GitHub may not show them yet."""
    if not settled(signal.at, work.services.clock.now()):
        raise NotShownYet(f"GitHub does not show yet what @{signal.actor} said.")


async def _void(work: Work, signal: NewSignal) -> str:
    why = signal.text or "what approved was edited, deleted or dismissed"
    async with work.lease.write() as db:
        count = await approvals.void(db, work.run.id, comment_id=signal.comment_id, review_id=signal.review_id, why=why)
    return f"voided {count}"


async def _said(work: Work, signal: NewSignal) -> tuple[Digest | None, Sha | None] | None:
    """The hash of the approving comment, or the head that a review covers; None where it no longer says so."""
    if (comment := await _comment(work, signal)) is not None:
        return content(comment.body.encode()), None
    review = await _review(work, signal)
    if review is None or review.state is not ReviewState.approved:
        return None
    return None, review.head_sha


async def _spoke(work: Work, signal: NewSignal) -> bool:
    """Whether GitHub still shows that this person said it: an event alone may be forged."""
    return (await _comment(work, signal) or await _review(work, signal)) is not None


async def _comment(work: Work, signal: NewSignal) -> Comment | None:
    """The comment that the signal came from, if its author wrote it and never edited it.

    What was approved must be what people can still read.
    """
    if signal.comment_id is None:
        return None
    comment = await work.github.comment(signal.comment_id)
    if comment is None or comment.author.login != signal.actor or comment.updated_at != comment.created_at:
        return None
    return comment


async def _review(work: Work, signal: NewSignal) -> Review | None:
    """The review that the signal came from, if its author wrote it."""
    if signal.review_id is None or work.run.pull_number is None:
        return None
    review = await work.github.review(work.run.pull_number, signal.review_id)
    return review if review is not None and review.author.login == signal.actor else None


async def _no_longer(work: Work, policy: Policy, asked: Content, approval: Approval) -> str | None:
    """Why a granted approval does not hold any more, or None."""
    if approval.comment_id is not None:
        comment = await work.github.comment(approval.comment_id)
        if comment is None:
            return "the comment was deleted"
        if comment.author.login != approval.actor or content(comment.body.encode()) != approval.comment_hash:
            return "the comment was edited"
    if approval.review_id is not None and work.run.pull_number is not None:
        reviews = {review.id: review for review in await work.github.reviews(work.run.pull_number)}
        review = reviews.get(approval.review_id)
        if review is None or review.state is not ReviewState.approved:
            return "the review was dismissed"
        if review.head_sha != asked.head_sha:
            return "the review covers another head"
        later = [one for one in reviews.values() if one.author.id == review.author.id and one.id > review.id]
        if any(one.state is ReviewState.changes_requested for one in later):
            return "they asked for changes since"
    role = await work.github.role(approval.actor)
    allowed = may_approve(policy, asked.binds, role=role, actor=approval.actor, requester=work.run.requester)
    return None if allowed.status is Status.approved else allowed.why


async def _answer(work: Work, signal: NewSignal, body: str) -> None:
    """One reply per signal, where the person spoke."""
    number = work.run.pull_number if signal.review_id is not None else None
    if signal.comment_id is not None and work.run.pull_number is not None and work.newest("Shipment"):
        number = work.run.pull_number
    await work.say(f"answer:{signal.key}", body, number=number)


async def _applied(work: Work, signal: NewSignal, outcome: str, granted: _Granted | None) -> None:
    """Write what became of the signal, and what follows from it, in one transaction: a crash never grants twice."""
    now = work.services.clock.now()
    async with work.lease.write() as db:
        if granted is not None:
            approval = granted.approval
            await approvals.grant(db, approval)
            facts = {"gate": approval.gate, "digest": approval.digest, "role": approval.role, "rule": granted.rule}
            await events.append(db, work.run.id, name="approval.granted", actor=approval.actor, facts=facts, at=now)
        await signals.applied(db, work.run.id, work.epoch, signal.key, outcome)
        await events.append(
            db,
            work.run.id,
            name="signal.applied",
            actor=signal.actor,
            facts={"kind": signal.kind, "outcome": outcome},
            at=now,
        )
