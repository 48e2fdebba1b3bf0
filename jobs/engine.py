"""The engine: claim a run, perform its steps in order, write down what they came to.

What happened already is read from `steps` and never done again. Every write carries the epoch of the lease, so a
worker that lost it changes nothing more. A run ends here and nowhere else, and its end is always said on GitHub.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from adapters.store import StoreUnavailable, claims, events, headway, runs, signals, steps
from adapters.store import holds as held
from adapters.store.columns import plain
from adapters.store.headway import Begins, CameTo
from core import faults
from core.caps import Caps
from core.digests import step_digest
from core.errors import BotError, Cancelled, Drained, Held, LeaseLost
from core.expressions import holds
from core.names import Digest, RunId
from core.runs import NewSignal, SignalKind
from core.states import Trigger
from core.workflow import Change, Foreach, Merge, Ready, Ship, Step, Wait, Write, parse
from core.workflow.rounds import sent_back
from jobs import attempts, endings, forks, handed, parts, quiet, setbacks, status
from jobs.bells import ring
from jobs.heard import CALLS_OFF
from jobs.lease import Lease, beating
from jobs.moved_up import look_again
from jobs.outcomes import Done, End, Outcome, Park
from jobs.services import Services
from jobs.steps import perform
from jobs.work import Work

QUICK = (Change, Foreach, Merge, Ready, Ship, Wait, Write)
"""Steps that show themselves, or are over in a moment. GitHub counts every edit of a comment: once the run's status
stands, the next step that takes its time shows them too."""

WATCH_SECONDS = 1.0
"""How often a working run looks whether somebody cancelled it."""

log = structlog.get_logger()


async def look(services: Services, run_id: RunId, draining: asyncio.Event) -> None:
    """Take the lease of the run whose turn it is, and take it as far as it goes.

    That is not always the one that the bell named: see `adapters.store.claims`. Returns when the run is parked, ended
    or given back. Any number of calls are harmless.
    """
    settings, now, caps = services.settings, services.clock.now(), services.settings.caps
    async with services.store.begin() as db:
        taken = await claims.take(db, services.worker, now, settings.lease_seconds, caps)
        if taken is None:
            return
        run_id, epoch = taken
        repo = (await runs.require(db, run_id)).repo.full_name
    lease = Lease(run_id, epoch, services.worker, services.store, services.clock)
    with structlog.contextvars.bound_contextvars(run=run_id, repo=repo, epoch=epoch):
        async with beating(
            lease,
            url=settings.database_url,
            lease_seconds=settings.lease_seconds,
            every_seconds=settings.heartbeat_seconds,
        ):
            await _hold(services, lease, draining)
    if caps.any:
        await _ring_next(services, caps)


async def _ring_next(services: Services, caps: Caps) -> None:
    """Ring for the run that may take the place which is free now: its own bell was heard while there was none.

    One is enough, since one place became free. Where it is lost, the clock rings.
    """
    async with services.store.read() as db:
        waiting = await claims.next_due(db, services.clock.now(), caps)
    if waiting is not None:
        await ring(services, waiting)


async def _hold(services: Services, lease: Lease, draining: asyncio.Event) -> None:
    """Advance the run, and write down how this hold on it ended."""
    watch = asyncio.create_task(_watch(services, lease, draining))
    try:
        await _held(services, lease)
    except LeaseLost:
        log.warning("lease.lost")
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


async def _held(services: Services, lease: Lease) -> None:
    """Advance the run until it parks, ends or fails. Raises LeaseLost where it is not ours any more."""
    try:
        try:
            await lease.hold(_advance(services, lease))
        except Cancelled:
            await endings.called_off(services, lease)
    except Drained as told:
        async with lease.write() as db:
            if isinstance(told, Held):
                at, facts = services.clock.now(), {"why": str(told)}
                actor = told.hold.by or "operator"
                await events.append(db, lease.run_id, name="run.held", actor=actor, facts=facts, at=at)
            # The worker stops, the run did not fail: however often workers are replaced, it is not given up for it.
            await runs.reset_attempts(db, lease.run_id, lease.epoch)
            await runs.release(db, lease.run_id, lease.epoch)
        log.info("run.released", held=str(told) or None)
        if isinstance(told, Held):
            await endings.show_hold(services, lease.run_id, told.hold)
    except BotError as error:
        await setbacks.failed(services, lease, error)
    except Exception as error:  # the edge of a job: nobody foresaw this
        log.exception("run.crashed")
        unforeseen = setbacks.Unforeseen(f"Something nobody foresaw: {type(error).__name__}.")
        await setbacks.failed(services, lease, unforeseen)


async def _watch(services: Services, lease: Lease, draining: asyncio.Event) -> None:
    """Tell the lease when the worker drains, when somebody holds the run or called it off."""
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(draining.wait(), WATCH_SECONDS)
            lease.stop(Drained())
            return
        try:
            async with services.store.read() as db:
                pending = await signals.pending(db, lease.run_id)
                hold = await held.of_run(db, lease.run_id)
        except StoreUnavailable as error:
            log.warning("watch.missed", why=str(error))
            continue
        if any(signal.kind in CALLS_OFF for signal in pending):
            lease.stop(Cancelled(), now=True)
            return
        if hold is not None:
            lease.stop(Held(hold))
            return


async def _advance(services: Services, lease: Lease) -> None:
    """Perform the steps that are not done yet, until one waits, ends the run or fails."""
    async with services.store.read() as db:
        run = await runs.require(db, lease.run_id)
        memos = {memo.key: memo for memo in await steps.but_of_items(db, run.id)}
    if run.attempts > setbacks.ATTEMPTS:
        raise setbacks.GivenUp(f"The run failed {setbacks.ATTEMPTS} times in a row without getting any further.")
    workflow, before = await parts.beginning(services.store, run, parse(run.workflow_text, f"{run.workflow}.yml"))
    work = Work(
        services=services,
        lease=lease,
        run=run,
        workflow=workflow,
        github=services.github.repository(run.repo),
        outputs={**before, **{key: memo.output for key, memo in memos.items() if memo.state == "done"}},
        begun=set(memos),
        resumed=bool(memos),
    )
    work.unroll()
    work.failures = attempts.recorded(memos.values())
    for signal in await _called_off(work):
        if signal.kind is SignalKind.moved_up:
            await look_again(work, signal)
    if not memos:
        await work.react("rocket")
    while (step := next((one for one in work.workflow.steps if one.id not in work.outputs), None)) is not None:
        if not await _one(work, step):
            return
    await endings.finish(work, End(Trigger.finish, _came_to(work)))


def _came_to(work: Work) -> str:
    """What a run that did every step came to."""
    if work.newest("Merged"):
        return f"#{work.run.pull_number} is merged"
    if work.run.pull_number is None:
        return "every step is done"
    if work.newest("Approved") is not None:
        return f"#{work.run.pull_number} is approved, and a person may merge it"
    return f"#{work.run.pull_number} is open, and waits for people"


async def _one(work: Work, step: Step) -> bool:
    """Perform one step and write its outcome. False: the run goes no further now."""
    work.lease.interrupted()
    work.begin_step()
    with structlog.contextvars.bound_contextvars(step=step.id):
        try:
            outcome = await _outcome(work, step)
        except BotError as error:
            log.warning("step.failed", code=error.code, why=str(error))
            raise
        match outcome:
            case None:
                return False
            case Done(output, why):
                await _finish_step(work, step, output, why)
                return True
            case Park(waiting):
                async with work.lease.write() as db:
                    parked = await runs.park(db, work.run.id, work.epoch, waiting)
                    if parked:
                        await events.append(
                            db,
                            work.run.id,
                            name="run.waiting",
                            actor="pullwright",
                            facts=waiting.model_dump(mode="json"),
                            at=work.services.clock.now(),
                        )
                if parked:
                    log.info("run.waiting", what=waiting.what, person=waiting.person)
                    return False
                # A signal came in between: look at it now, nobody will ring for it again.
                await _called_off(work)
                return await _one(work, step)
            case End():
                await endings.finish(work, outcome)
                return False


async def _called_off(work: Work) -> Sequence[NewSignal]:
    """The signals that wait to be applied. Raises Cancelled where one of them is none that a gate applies."""
    async with work.services.store.read() as db:
        pending = await signals.pending(db, work.run.id)
    if any(signal.kind in CALLS_OFF for signal in pending):
        raise Cancelled
    return pending


async def _outcome(work: Work, step: Step) -> Outcome | None:
    """What the step came to; None where the run goes no further now, because of a step within it."""
    if step.when is not None and not holds(step.when, await handed.values(work)):
        return Done({"skipped": step.when}, f"skipped: `{step.when}` does not hold")
    if (paused := await attempts.pausing(work, step) or await quiet.resting(work, step)) is not None:
        return paused
    if (over := await forks.moved(work)) is not None:
        return over
    if step.id not in work.begun:
        async with work.services.store.begin() as db:
            now = work.services.clock.now()
            await headway.make(db, work.run.id, work.epoch, now, begins=Begins(step.id, _input_hash(work, step)))
        work.begun.add(step.id)
    faults.point("step.after_intent")
    if not isinstance(step.action, QUICK) or not (work.shown or work.resumed):
        await status.show(work, current=step.id)
    return await attempts.attempted(work, step, perform, _one)


async def _finish_step(work: Work, step: Step, output: object, why: str) -> None:
    """Write what the step came to and, in the same transaction, that the next one begins where that is sure already."""
    now = work.services.clock.now()
    faults.point("step.before_outcome")
    following = None if sent_back(output) else _sure_to_follow(work, step)
    async with work.services.store.begin() as db:
        await headway.make(
            db,
            work.run.id,
            work.epoch,
            now,
            done=CameTo(step.id, _input_hash(work, step), output, why),
            begins=None if following is None else Begins(following.id, _input_hash(work, following)),
        )
    # As the next lease holder will read it: what a digest covers must not change with who computes it.
    work.outputs[step.id] = plain(output)
    work.unroll()
    if following is not None:
        work.begun.add(following.id)
    log.info("step.finished", why=why)


def _sure_to_follow(work: Work, step: Step) -> Step | None:
    """The step that begins once this one is done, where no condition has a say in that and nobody called the run off.

    None within an `on_failure`: the step that it mends goes on then, which has begun already.
    """
    if not work.lease.goes_on or all(step is not one for one in work.workflow.steps):
        return None
    known = {step.id, *work.outputs}
    following = next((one for one in work.workflow.steps if one.id not in known), None)
    return following if following and following.when is None and following.id not in work.begun else None


def _input_hash(work: Work, step: Step) -> Digest:
    return step_digest(workflow=work.run.workflow_digest, step=step.id, base=work.run.base_sha)
