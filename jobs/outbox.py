"""The outbox: every write to the outside, done once.

Lease, receipt, look, act, receipt. A crash anywhere in between leaves a row that says what was meant, and the next
attempt looks on GitHub before it acts. An answer that never came is never repeated blind.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import effects, holds
from core import faults
from core.clock import Clock
from core.effects import (
    AddLabels,
    AddReaction,
    AnswerThread,
    Assign,
    CloseIssue,
    EditComment,
    EditPull,
    EnqueuePull,
    KeepComment,
    MarkReady,
    MergePull,
    OpenIssue,
    OpenPull,
    PostComment,
    PostReview,
    PushBranch,
    PutCheck,
    RemoveLabel,
    RequestReview,
    SignCommit,
)
from core.errors import Held, LeaseLost
from core.names import Epoch
from core.runs import Effect, EffectState
from jobs.effects import Outside, Receipt, branches, checks, comments, commits, issues, pulls, reviews, threads

Write = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Opens a transaction that commits only while the right to write is held."""

Note = Callable[[AsyncConnection, Receipt], Awaitable[None]]


async def perform(
    effect: Effect,
    outside: Outside,
    *,
    write: Write,
    stands: Callable[[], bool],
    epoch: Epoch | None,
    clock: Clock,
    note: Note | None = None,
    begun: bool | None = None,
) -> Receipt | None:
    """The effect's receipt, after it was found or done; None where it failed for good or another is at it.

    `stands` says whether the right to act still holds at this moment: a process may be frozen for minutes between two
    lines, and another have acted meanwhile. Raises LeaseLost where it does not and the effect belongs to a lease.
    `note` is written in the transaction that keeps the receipt, so that a journal never lacks what was done.
    `begun` is what `begin` said where the attempt was begun already, with `effect` as it was before; without it the
    attempt begins here, and raises what `begin` does. Raises what GitHub or git raised; the row then still says that an
    attempt was made, so the next one looks first.
    """
    if effect.state is EffectState.done and effect.receipt is not None:
        return effect.receipt
    if begun is None:
        async with write() as db:
            begun = await begin(db, effect, epoch, clock)
    if not begun:
        return None
    faults.point("effect.before_act")
    # Nothing can be there yet if nobody ever tried: the first attempt need not look.
    receipt = await _find(effect, outside) if effect.attempts else None
    if receipt is None:
        if not stands():
            if epoch is None:
                return None
            raise LeaseLost
        receipt = await _act(effect, outside)
    faults.point("effect.after_act")
    async with write() as db:
        if await effects.done(db, effect.key, receipt) and note is not None:
            await note(db, receipt)
    return receipt


async def begin(db: AsyncConnection, effect: Effect, epoch: Epoch | None, clock: Clock) -> bool:
    """Count an attempt at the effect; False where there is to be none: it is settled, or another is at it.

    Raises Held where somebody holds the run's work: nothing is begun then. What belongs to no lease is said all the
    same: it answers people.
    """
    if effect.run_id is not None and epoch is not None and (hold := await holds.of_run(db, effect.run_id)):
        raise Held(hold)
    return await effects.acting(db, effect.key, epoch, clock.now())


async def _find(effect: Effect, outside: Outside) -> Receipt | None:
    match effect.act:
        case PostComment() | KeepComment() as act:
            return await comments.find(act, outside)
        case PushBranch() as act:
            return await branches.find(act, outside)
        case OpenPull() as act:
            return await pulls.find_opened(act, outside)
        case MarkReady() as act:
            return await pulls.find_ready(act, outside)
        case MergePull() as act:
            return await pulls.find_merged(act, outside)
        case EnqueuePull() as act:
            return await pulls.find_enqueued(act, outside)
        case PostReview() as act:
            return await reviews.find(act, outside)
        case CloseIssue() as act:
            return await issues.find_closed(act, outside)
        case OpenIssue() as act:
            return await issues.find_opened(act, outside)
        case AnswerThread() as act:
            return await threads.find(act, outside)
        case (
            AddReaction()
            | EditComment()
            | EditPull()
            | AddLabels()
            | RemoveLabel()
            | Assign()
            | RequestReview()
            | PutCheck()
            | SignCommit()
        ):
            return None  # these act the same way however often they act: nothing points at a commit made in vain
        case _ as never:
            assert_never(never)


async def _act(effect: Effect, outside: Outside) -> Receipt:
    match effect.act:
        case PostComment() | KeepComment() as act:
            return await comments.act(act, outside)
        case EditComment() as act:
            return await comments.edit(act, outside)
        case AddReaction() as act:
            return await comments.react(act, outside)
        case AddLabels() | RemoveLabel() | Assign() | CloseIssue() | OpenIssue() as act:
            return await issues.act(act, outside)
        case PushBranch() as act:
            return await branches.act(act, outside)
        case SignCommit() as act:
            return await commits.act(act, outside)
        case OpenPull() | MarkReady() | RequestReview() | EditPull() | MergePull() | EnqueuePull() as act:
            return await pulls.act(act, outside)
        case PostReview() as act:
            return await reviews.act(act, outside)
        case AnswerThread() as act:
            return await threads.act(act, outside)
        case PutCheck() as act:
            return await checks.put(act, outside)
        case _ as never:
            assert_never(never)
