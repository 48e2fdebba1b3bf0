"""Attempts at a step: what failed is written down, and then retried, mended or gone without, as the workflow says.

An outage is no failure of a step; it passes through to the engine, which waits it out.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from adapters.store import events, steps
from core.digests import digest
from core.errors import BotError, ConversationLocked, MoneySpent, NotThere
from core.redaction import without_credentials
from core.runs import NewSignal, SignalKind, Waiting
from core.runs import Step as Memo
from core.states import WaitingFor
from core.trying import Again, Failure, GiveUp, GoOn, Mend, decide
from core.workflow import Composite, Step
from jobs import budgets
from jobs.heard import Judge, hear
from jobs.locked import wait_until_unlocked
from jobs.outcomes import Done, End, Outcome, Park
from jobs.steps import composite
from jobs.work import Work

EVIDENCE_CHARACTERS = 4_000

Perform = Callable[[Step, Work], Awaitable[Outcome]]
One = Callable[[Work, Step], Awaitable[bool]]
"""Performs a step and writes down what it came to. False: the run goes no further now."""


async def attempted(work: Work, step: Step, perform: Perform, one: One) -> Outcome | None:
    """What the step came to; None where a step that was to mend it waits or ended the run.

    Raises BotError where nothing is left to be tried.
    """
    if isinstance(step.action, Composite):
        return await composite.perform(step, step.action, work, one)
    while True:
        if not await _mended(work, step, one):
            return None
        try:
            return await _unless_locked(perform, step, work)
        except MoneySpent as error:
            if (waits := await budgets.ask(work, step, error)) is not None:
                return waits
            continue
        except BotError as error:
            if error.retryable or isinstance(error, NotThere):
                raise
            failure = _failure(error)
            failed = len(work.failures.get(step.id, ())) + 1
            decision = decide(step, error.code, failed, salt=work.run.id)
            if isinstance(decision, GiveUp):
                raise
            await _write_down(work, step, failure, failed, type(decision).__name__.lower())
        match decision:
            case Again(seconds):
                until = work.services.clock.now() + timedelta(seconds=seconds)
                why = f"`{step.id}` failed ({failure.why}) It is tried again."
                work.pauses[step.id] = Waiting(what=WaitingFor.time, why=why, not_before=until)
                return Park(work.pauses[step.id])
            case Mend():
                continue
            case GoOn():
                return Done({"failed": True, **failure.told}, f"gone on without it. {failure.why}")


async def _unless_locked(perform: Perform, step: Step, work: Work) -> Outcome:
    """What the step came to; a wait where it must speak in a conversation that is locked, which is no failure of it."""
    try:
        return await perform(step, work)
    except ConversationLocked as error:
        return await wait_until_unlocked(work, error)


async def pausing(work: Work, step: Step) -> Park | End | None:
    """The pause before the next attempt, while it lasts: what people say in it is heard.

    Only `/continue` ends it before its time.
    """
    failures, waiting = work.failures.get(step.id), work.pauses.get(step.id, work.run.waiting)
    if not failures or waiting is None or waiting.what is not WaitingFor.time or waiting.not_before is None:
        return None
    decision = decide(step, failures[-1].code, len(failures), salt=work.run.id)
    if not isinstance(decision, Again) or waiting.not_before <= work.services.clock.now():
        return None
    hurried = False

    async def go_on(_: NewSignal) -> str:
        nonlocal hurried
        hurried = True
        return "the pause is over"

    judges: dict[SignalKind, Judge] = {SignalKind.go_on: go_on}
    if end := await hear(work, None, judges, about="run"):
        return end
    if hurried:
        work.pauses.pop(step.id, None)
        return None
    return Park(waiting)


def recorded(memos: Iterable[Memo]) -> dict[str, list[Failure]]:
    """The attempts that failed, by step id, as earlier lease holders wrote them down."""
    found: dict[str, list[Failure]] = {}
    for memo in memos:
        step, mark, _ = memo.key.partition("/failed:")
        if mark and memo.state == "done":
            found.setdefault(step, []).append(Failure.model_validate(memo.output))
    return found


async def _mended(work: Work, step: Step, one: One) -> bool:
    """Do what `on_failure` asks for, where the last attempt calls for it. False: not all of it is done yet."""
    failures = work.failures.get(step.id, [])
    if not failures or not isinstance(decide(step, failures[-1].code, len(failures), salt=work.run.id), Mend):
        return True
    before, work.mending = work.mending, failures[-1]
    try:
        for mending in step.on_failure:
            if mending.id not in work.outputs and not await one(work, mending):
                return False
    finally:
        work.mending = before
    return True


async def _write_down(work: Work, step: Step, failure: Failure, failed: int, then: str) -> None:
    key, now = f"{step.id}/failed:{failed}", work.services.clock.now()
    async with work.lease.write() as db:
        await steps.finish(
            db,
            work.run.id,
            work.epoch,
            key,
            digest("failed", key),
            output=failure.model_dump(mode="json", exclude=None if failure.handed else {"handed"}),
            cost=None,
            now=now,
        )
        facts = {"step": step.id, "attempt": failed, "code": failure.code, "why": failure.why, "then": then}
        await events.append(db, work.run.id, name="step.failed", actor="pullwright", facts=facts, at=now)
    work.failures.setdefault(step.id, []).append(failure)


def _failure(error: BotError) -> Failure:
    evidence = without_credentials(error.evidence or "")[-EVIDENCE_CHARACTERS:]
    return Failure(code=error.code, why=str(error), evidence=evidence, handed=error.handed)
