"""Intake: every stored delivery becomes what its handler plans, in one transaction, once.

`drain()` works until nothing is pending. A delivery that cannot be judged now (GitHub does not answer) stays pending
and is looked at again; one that fails for a reason that waiting does not mend is dead after five attempts, and the
operator sees it. Nothing is guessed and nothing is dropped.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import deliveries, effects, events, holds, repositories, runs, shut, signals
from adapters.store.runs import Inserted
from core import calls
from core.digests import digest
from core.effects import PostComment
from core.errors import AppRefused, BotError, NotInstalled, NotThere, PermissionMissing, RateLimited
from core.facts import Facts
from core.intents import Act, Decided, Ignore, Intent, React, Say, SetHold, ShowCheck, Shut, Signal, StartRun
from core.names import Repo, RunId, SubjectKind
from core.runs import Delivery, Effect, NewEffect, NewRun, NewSignal
from handlers import automatic, handler_of, installation_changed, replies
from handlers.event import Event, Ignored
from handlers.events import parse
from handlers.installation_changed import InstallationChanged
from jobs import installations, lines, outbox, unbound
from jobs.effects import Outside
from jobs.facts import gather
from jobs.services import Services

BATCH = 50
RETRY_SECONDS = 30
"""How long a delivery that could not be judged waits before the next look."""
LONGEST_RETRY_SECONDS = 3600
"""An answer that cannot be given is tried at ever longer intervals, up to this one."""

log = structlog.get_logger()


class RoutedElsewhere(BotError):
    """Another intake was quicker with this delivery; what was about to be written here is rolled back."""

    code = "routed-elsewhere"


async def drain(services: Services) -> None:
    """Route everything that is pending, then do what needs no run."""
    while batch := await _pending(services):
        for delivery in batch:
            with structlog.contextvars.bound_contextvars(delivery=delivery.guid):
                await _alone(_route(services, delivery), partial(_count, services, delivery))
    await perform_loose(services)


async def _alone(act: Awaitable[None], failed: Callable[[str], Awaitable[None]]) -> None:
    """Do one thing of many: a mistake of ours in it is told to `failed`, and does not stop the others."""
    try:
        await act
    except BotError:
        raise  # not even the failure could be noted: the database is away, and the next bell finds everything here
    except Exception as error:  # the edge of a job: nobody foresaw this
        log.exception("intake.crashed")
        await failed(repr(error))


async def _pending(services: Services) -> Sequence[Delivery]:
    async with services.store.read() as db:
        return await deliveries.pending(db, services.clock.now(), BATCH)


async def _route(services: Services, delivery: Delivery) -> None:
    now = services.clock.now()
    try:
        event = await _event(services, delivery)
        if isinstance(event, InstallationChanged):
            outcome, woken = await installations.follow(services, delivery, event)
        elif isinstance(event, Ignored):
            outcome, woken = f"ignored: {event.why}", set[RunId]()
            async with services.store.begin() as db:
                await deliveries.routed(db, delivery, outcome, now)
        else:
            outcome, woken = await _plan(services, delivery, event)
    except RoutedElsewhere:
        return
    except NotThere as error:
        # What the event speaks of is gone, or the App was removed: there is nobody to answer.
        async with services.store.begin() as db:
            await deliveries.routed(db, delivery, f"ignored: {error}", now)
        return
    except BotError as error:
        if _may_pass(error):
            await _postpone(services, delivery, error)
        else:
            await _count(services, delivery, str(error))
        return
    log.info("delivery.routed", name=delivery.event, outcome=outcome)
    for run_id in woken:
        await ring(services, run_id)


async def _event(services: Services, delivery: Delivery) -> Event | InstallationChanged | Ignored:
    """What the delivery says. In one of our own the repository is named, and known where GitHub ever told of it."""
    if not calls.ours(delivery):
        installation = installation_changed.read(delivery.event, delivery.body)
        return installation or parse(delivery.event, delivery.body, delivery.guid)
    told = calls.read(delivery)
    if told is None:
        return Ignored("a delivery of our own that this version cannot read")
    async with services.store.read() as db:
        repo = await repositories.named(db, told.repository)
    if repo is None:
        return Ignored(f"no repository {told.repository} is known here: nothing was ever heard of it")
    return automatic.event_of(told, repo, delivery.guid)


async def _postpone(services: Services, delivery: Delivery, error: BotError) -> None:
    """GitHub or the operator must act first: such a wait is no attempt, however often it comes."""
    seconds = max(error.retry_after_seconds, 1) if isinstance(error, RateLimited) else RETRY_SECONDS
    async with services.store.begin() as db:
        not_before = services.clock.now() + timedelta(seconds=seconds)
        await deliveries.postponed(db, delivery, str(error), not_before)
    log.warning("delivery.postponed", code=error.code, why=str(error), seconds=seconds)


async def _count(services: Services, delivery: Delivery, why: str) -> None:
    """One attempt less. The pauses between them grow, since somebody may be mending what is in the way."""
    now = services.clock.now()
    async with services.store.begin() as db:
        not_before = now + timedelta(seconds=_pause(await deliveries.attempts(db, delivery)))
        state = await deliveries.failed(db, delivery, why, not_before, now)
    log.error("delivery.failed", state=state.value, why=why)


class Overtaken(BotError):
    """A run began on the subject after the handler had looked; what was about to be written here is rolled back."""

    code = "overtaken"


async def _plan(services: Services, delivery: Delivery, event: Event) -> tuple[str, set[RunId]]:
    """Ask the event's handler what it wants, and write all of it in one transaction.

    Where another run was quicker the handler looks once more, and answers with that run in sight.
    """
    try:
        return await _once(services, delivery, event, again=True)
    except Overtaken:
        return await _once(services, delivery, event, again=False)


async def _once(services: Services, delivery: Delivery, event: Event, *, again: bool) -> tuple[str, set[RunId]]:
    intents, facts = await _wanted(services, delivery, event)
    woken: set[RunId] = set()
    async with services.store.begin() as db:
        await runs.lock_in_order(db, [intent.run_id for intent in intents if isinstance(intent, Signal)])
        outcomes = [await _write(services, db, event.repo, facts, intent, woken) for intent in intents]
        if again and lines.BUSY in outcomes:
            raise Overtaken(delivery.guid)
        if facts is not None:
            named = {"owner": facts.repository.owner, "name": facts.repository.name}
            await repositories.learn(db, event.repo.model_copy(update=named))
        if not await deliveries.routed(db, delivery, "; ".join(outcomes) or "nothing to do", services.clock.now()):
            raise RoutedElsewhere(delivery.guid)
        await _tell_of_a_hold(db, woken, services.clock.now())
    return "; ".join(outcomes), woken


async def _wanted(services: Services, delivery: Delivery, event: Event) -> tuple[list[Intent], Facts | None]:
    """What the event's handler wants, and the facts that it went by: none where none had to be looked at."""
    handler = handler_of(event)
    if handler is None:
        return [Ignore("nothing listens to this event")], None
    query = handler.needs(event)
    if isinstance(query, Ignore):
        return [query], None
    facts = await gather(services, event.repo, query, delivery.received_at)
    return handler.plan(event, facts), facts


async def _tell_of_a_hold(db: AsyncConnection, woken: set[RunId], now: datetime) -> None:
    """Say, once for each run and hold, that somebody holds the work that was asked for."""
    for run_id in sorted(woken):
        if (hold := await holds.of_run(db, run_id)) is None:
            continue
        run = await runs.require(db, run_id)
        if run.parent_id is not None or run.subject.kind is SubjectKind.repository:
            continue  # nobody reads there
        act = PostComment(number=run.pull_number or run.subject.number, body=replies.held(run, hold))
        key = f"held:{hold.since:%Y%m%d%H%M%S%f}:{run.id}"
        await effects.insert(db, NewEffect(key=key, run_id=None, repo=run.repo, act=act, at=now))


async def _write(
    services: Services, db: AsyncConnection, repo: Repo, facts: Facts | None, intent: Intent, woken: set[RunId]
) -> str:
    now = services.clock.now()
    match intent:
        case Ignore(why):
            return f"ignored: {why}"
        case StartRun():
            assert facts is not None  # noqa: S101  # only a handler that was given facts plans anything
            return await _start(services, db, repo, facts, intent, woken)
        case Signal():
            new = NewSignal(
                key=intent.key,
                run_id=intent.run_id,
                kind=intent.kind,
                actor=intent.actor,
                digest=intent.digest,
                text=intent.text,
                comment_id=intent.comment_id,
                review_id=intent.review_id,
                at=now,
            )
            if not await signals.insert(db, new):
                return f"signal {intent.kind} known already"
            woken.add(intent.run_id)
            await events.append(
                db,
                intent.run_id,
                name=f"signal.{intent.kind}",
                actor=intent.actor,
                facts={"text": intent.text, "digest": intent.digest},
                at=now,
            )
            return f"signal {intent.kind} to run {intent.run_id}"
        case Say() | React() | ShowCheck() | Act() | SetHold() | Decided():
            return await unbound.write(db, repo, intent, woken, now)
        case Shut(why):
            return await _shut(db, repo, why, now)


async def _shut(db: AsyncConnection, repo: Repo, why: str | None, now: datetime) -> str:
    if why is None:
        await shut.reopen(db, shut.What.repository, repo.id)
        return "the repository is open"
    await shut.close(db, shut.What.repository, repo.id, why, now)
    return f"the repository is shut: {why}"


async def _start(
    services: Services, db: AsyncConnection, repo: Repo, facts: Facts, intent: StartRun, woken: set[RunId]
) -> str:
    """Insert the run with everything that is pinned for its life."""
    assert facts.policy is not None  # noqa: S101  # whoever starts a run asked for the policy
    assert facts.workflows is not None  # noqa: S101
    entry = facts.workflows.get(intent.workflow)
    assert entry is not None  # noqa: S101  # a handler starts what it was told of
    now = services.clock.now()
    base_ref, base_sha = intent.base or (facts.repository.default_branch, facts.policy.sha)
    run = NewRun(
        id=services.ids.run(),
        workflow=intent.workflow,
        workflow_text=entry.text,
        workflow_digest=digest("workflow", entry.text),
        repo=repo,
        subject=intent.subject,
        base_ref=base_ref,
        base_sha=base_sha,
        trigger_key=intent.key,
        requester=intent.requester,
        source=intent.source,
        source_comment_id=intent.source_comment_id,
        snapshot=intent.snapshot,
        inputs=intent.inputs,
        retry_of=intent.retry_of,
        created_at=now,
    )
    inserted = await runs.insert(db, run)
    if inserted is Inserted.duplicate:
        return f"no new run: {inserted.value}"
    if inserted is Inserted.busy:
        assert entry.workflow is not None  # noqa: S101  # a broken file starts nothing
        joined = await lines.join(db, run, entry.workflow.concurrency, woken)
        if isinstance(joined, str):
            return joined
        run = joined
    await events.append(
        db,
        run.id,
        name="run.queued",
        actor=run.requester,
        facts={
            "workflow": run.workflow,
            "workflow_digest": run.workflow_digest,
            "source": run.source,
            "base": f"{run.base_ref}@{run.base_sha}",
            "retry_of": run.retry_of,
            "inputs": dict(run.inputs),
            **({"origins": list(facts.workflows.origins)} if facts.workflows.origins else {}),
            "behind": run.behind_id,
        },
        at=now,
    )
    if run.behind_id is not None:
        return f"run {run.id} waits in line behind run {run.behind_id}"
    woken.add(run.id)
    return f"started run {run.id}"


async def ring(services: Services, run_id: RunId) -> None:
    """Ring for a run. A bell that nobody hears is rung again by the clock."""
    async with services.store.begin() as db:
        number = await runs.ring(db, run_id)
    await services.doorbell.ring_run(run_id, number)


async def perform_loose(services: Services) -> None:
    """Do the effects that belong to no lease: answers, reactions, and what is left to say when a run has ended."""
    now = services.clock.now()
    async with services.store.read() as db:
        waiting = await effects.pending_loose(db, now, BATCH)
    for effect in waiting:
        with structlog.contextvars.bound_contextvars(effect=effect.key, repo=effect.repo.full_name):
            await _alone(_try_loose(services, effect, now), partial(_leave_unsaid, services, effect))


async def _try_loose(services: Services, effect: Effect, now: datetime) -> None:
    try:
        await perform_one_loose(services, effect)
    except BotError as error:
        later = now + timedelta(seconds=_pause(effect.attempts)) if _may_pass(error) else None
        async with services.store.begin() as db:
            await effects.failed(db, effect.key, str(error), later)
        log.warning("effect.failed", code=error.code, why=str(error))


async def _leave_unsaid(services: Services, effect: Effect, why: str) -> None:
    """Try it again at ever longer intervals, and not for ever: the mistake is ours."""
    given_up = effect.attempts + 1 >= deliveries.MAX_ATTEMPTS
    later = None if given_up else services.clock.now() + timedelta(seconds=_pause(effect.attempts))
    async with services.store.begin() as db:
        await effects.failed(db, effect.key, why, later)
    log.error("effect.failed", why=why)


def _may_pass(error: BotError) -> bool:
    """Whether it can succeed later: by itself, or once the operator has mended the App. Nothing is left unsaid.

    An installation that was taken away does not come back: it would be another one.
    """
    if isinstance(error, NotInstalled):
        return False
    return error.retryable or isinstance(error, AppRefused | PermissionMissing)


def _pause(attempts: int) -> float:
    return min(RETRY_SECONDS * 2.0 ** min(attempts, 10), LONGEST_RETRY_SECONDS)


async def perform_one_loose(services: Services, effect: Effect) -> None:
    def write() -> AbstractAsyncContextManager[AsyncConnection]:
        return services.store.begin()

    outside = Outside(
        github=services.github.repository(effect.repo),
        app_id=(await services.github.identity()).id,
        key=effect.key,
        intended_at=effect.at,
    )
    until = services.clock.now() + timedelta(seconds=effects.LOOSE_SECONDS)
    await outbox.perform(
        effect,
        outside,
        write=write,
        stands=lambda: services.clock.now() < until,
        epoch=None,
        clock=services.clock,
    )
