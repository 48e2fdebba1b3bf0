"""Approvals: what people said about a gate, applied by the lease holder and checked again before anything ships.

What authorises an approval is read from GitHub when it is applied, and again when the gate opens: the comment or
review with its author, and the author's role. Whoever lost the role or changed the words has not approved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import approvals, events
from core.digests import content, matches
from core.github import Review, ReviewState
from core.names import Digest, Role, Sha
from core.runs import Approval, NewSignal, SignalKind
from handlers import replies
from jobs import boxes
from jobs.considering import may_approve_here
from jobs.heard import Counts, Judge, comment_of, hear, refuse, reply, review_of, wait_until_shown
from jobs.outcomes import End
from jobs.work import Work
from policies.considered import Considered
from policies.people import GateName
from policies.result import Result, Status
from policies.schema import Policy
from policies.standing import another_account, wants_changes

NO_OTHERS: Mapping[SignalKind, Judge] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Content:
    """What a gate asks about."""

    gate: str
    binds: GateName
    """`plan` or `change`."""
    digest: Digest
    head_sha: Sha | None = None
    """The head a GitHub review must cover; None before there is a pull request."""
    held: Sha | None = None
    """A commit of exactly this content that the head took the place of, or will: a review of it counts as well."""
    shown_in: int | None = None
    """The comment that shows it to people now; None where that is the pull request itself."""
    pushers: tuple[str, ...] = ()
    """Who is an author of some of it besides the run (`jobs.pushers`)."""
    considered: Considered | None = None
    """What is known of the run, where rules decide; None where the simple keys do."""


async def apply(
    work: Work, policy: Policy, asked: Content, others: Mapping[SignalKind, Judge] = NO_OTHERS
) -> End | None:
    """Apply every signal that came in, oldest first; `others` judge some that are no approvals. An End where somebody
    rejected.
    """

    async def approve(signal: NewSignal) -> Counts | str:
        return await _approve(work, policy, asked, signal)

    return await hear(work, policy, {SignalKind.approve: approve, **others}, about=asked.binds)


async def standing(work: Work, policy: Policy, asked: Content) -> Sequence[Approval]:
    """The approvals of exactly this content that still hold, each checked with GitHub now; others are voided."""
    async with work.services.store.read() as db:
        granted = await approvals.standing(db, work.run.id, asked.gate, asked.digest)
    held, reviews = [], await _reviews(work, asked) if granted else ()
    for approval in granted:
        why = await _no_longer(work, policy, asked, approval, reviews)
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


async def may_approve(work: Work, policy: Policy, asked: Content, login: str, role: Role) -> Result:
    """Whether this person's approval counts for anything here, with the role that they have now."""
    return await may_approve_here(work, policy, asked.binds, asked.considered, asked.pushers, login=login, role=role)


async def lapsed(work: Work, asked: Content) -> Sequence[Approval]:
    """What people said at this gate and what counts no more, oldest first: taken back, or said of something else.

    Called after `standing`. One for each person, and none for whoever approved exactly this since.
    """
    async with work.services.store.read() as db:
        given = [one for one in await approvals.of_run(db, work.run.id) if one.gate == asked.gate]
    standing = {one.actor for one in given if one.voided_why is None and one.digest == asked.digest}
    return list({one.actor: one for one in given if one.actor not in standing}.values())


async def _approve(work: Work, policy: Policy, asked: Content, signal: NewSignal) -> Counts | str:
    """What the approval counts for, or why there is none, which the person was told where it is theirs to mend."""
    looked_at = work.services.clock.now()
    said = await _said(work, signal)
    if said is None:
        wait_until_shown(signal, looked_at)
        return "refused: what approved is gone or was edited"
    actor_id, comment_hash, covers = said
    role = await work.github.role(signal.actor)
    allowed = await may_approve(work, policy, asked, signal.actor, role)
    if allowed.status is not Status.approved:
        await refuse(work, policy, signal, role, replies.refused(allowed))
        return f"refused: {allowed.why}"
    if signal.review_id is not None and covers not in {asked.head_sha, asked.held}:
        return "refused: the review covers another head"
    if signal.review_id is None and not matches(signal.digest or "", asked.digest):
        await reply(work, signal, replies.older(asked.binds, asked.digest))
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
        actor_id=actor_id,
        comment_id=signal.comment_id,
        review_id=signal.review_id,
        edit_id=signal.edit_id,
        comment_hash=comment_hash,
        at=signal.at,  # what they say between this and our look at it was said after it
    )
    return _granting(work, approval, allowed.why)


def _granting(work: Work, approval: Approval, rule: str) -> Counts:
    """The approval counts. `rule` is why this person may, for the journal."""

    async def grant(db: AsyncConnection) -> None:
        await approvals.grant(db, approval)
        facts = {"gate": approval.gate, "digest": approval.digest, "role": approval.role, "rule": rule}
        at = work.services.clock.now()
        await events.append(db, work.run.id, name="approval.granted", actor=approval.actor, facts=facts, at=at)

    return Counts("granted", grant)


async def _said(work: Work, signal: NewSignal) -> tuple[int | None, Digest | None, Sha | None] | None:
    """Whose account approved, with the hash of the comment or the head that a review covers; None where it no longer
    says so.

    A ticked box has none of these: it stands in a comment of ours, and the history of that is its proof.
    """
    if signal.edit_id is not None:
        return (None, None, None) if await boxes.tick_stands(work, signal.comment_id, signal.edit_id) else None
    if (comment := await comment_of(work, signal)) is not None:
        return comment.author.id, content(comment.body.encode()), None
    review = await review_of(work, signal)
    if review is None or review.state is not ReviewState.approved:
        return None
    return review.author.id, None, review.head_sha


async def _reviews(work: Work, asked: Content) -> Sequence[Review]:
    """Every review of what the gate asks about: of a plan there is none."""
    number = work.run.pull_number
    return await work.github.reviews(number) if number is not None and asked.binds == "change" else ()


async def _no_longer(
    work: Work, policy: Policy, asked: Content, approval: Approval, reviews: Sequence[Review]
) -> str | None:
    """Why a granted approval does not hold any more, or None."""
    said_at = approval.at
    if approval.edit_id is not None:
        if not await boxes.tick_stands(work, approval.comment_id, approval.edit_id):
            return "the comment in which they ticked a box was edited or deleted"
    elif approval.comment_id is not None:
        comment = await work.github.comment(approval.comment_id)
        if comment is None:
            return "the comment was deleted"
        if (why := another_account(approval, comment.author)) is not None:
            return why
        said_at = comment.created_at
        if content(comment.body.encode()) != approval.comment_hash:
            return "the comment was edited"
    if approval.review_id is not None:
        review = next((one for one in reviews if one.id == approval.review_id), None)
        if review is None or review.state is not ReviewState.approved:
            return "the review was dismissed"
        if (why := another_account(approval, review.author)) is not None:
            return why
        if review.head_sha not in {asked.head_sha, asked.held}:
            return "the review covers another head"
    if wants_changes(approval, said_at, reviews):
        return "they asked for changes since"
    role = await work.github.role(approval.actor)
    allowed = await may_approve(work, policy, asked, approval.actor, role)
    return None if allowed.status is Status.approved else allowed.why
