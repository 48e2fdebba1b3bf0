"""Intake: every stored delivery becomes what its handler plans, in one transaction, once.

`drain()` works until nothing is pending. A delivery that cannot be judged now (GitHub does not answer) stays pending
and is looked at again; one that fails for a reason that waiting does not mend is dead after five attempts, and the
operator sees it. Nothing is guessed and nothing is dropped.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from adapters.store import deliveries, repositories, runs
from core import calls
from core.errors import AppRefused, BotError, NotThere, RateLimited
from core.facts import Facts
from core.intents import Ignore, Intent, Say, SetHold, Signal, StartRun
from core.names import Repo, RunId
from core.runs import Delivery
from handlers import automatic, handler_of, installation_changed
from handlers.event import Event, Ignored, Told
from handlers.installation_changed import InstallationChanged
from handlers.reading import parse
from jobs import alarms, boards, installations, lines
from jobs.bells import ring
from jobs.facts import gather
from jobs.loose import perform_loose
from jobs.patience import RETRY_SECONDS, alone, may_pass, pause
from jobs.services import Services
from jobs.wishes import tell_of_a_hold, written

BATCH = 50

log = structlog.get_logger()


class RoutedElsewhere(BotError):
    """Another intake was quicker with this delivery; what was about to be written here is rolled back."""

    code = "routed-elsewhere"


async def drain(services: Services) -> None:
    """Route everything that is pending, then do what needs no run, and show what people are to see of it all."""
    while batch := await _pending(services):
        for delivery in batch:
            with structlog.contextvars.bound_contextvars(delivery=delivery.guid):
                await alone(_route(services, delivery), partial(_count, services, delivery))
    await perform_loose(services)
    await alarms.settle(services)
    await boards.refresh(services)


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
        if may_pass(error):
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
    if repo is None and isinstance(told, calls.OrderCall):
        repo = await _installed(services, told.repository)
    if repo is None:
        return Ignored(f"no repository {told.repository} is known here: nothing was ever heard of it")
    return automatic.event_of(told, repo, delivery.guid)


async def _installed(services: Services, full_name: str) -> Repo | None:
    """The repository of this name, as GitHub knows it where the App is installed there; else None.

    GitHub is asked for an order of the operator alone: whoever calls a hook names what they like.
    """
    owner, _, name = full_name.partition("/")
    try:
        installation_id = await services.github.installation_of(owner, name)
    except AppRefused as error:
        log.warning("order.not_installed", repository=full_name, why=str(error))
        return None
    return await services.github.beside(Repo(id=0, owner=owner, name=name, installation_id=installation_id), name)


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
        not_before = now + timedelta(seconds=pause(await deliveries.attempts(db, delivery)))
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
        outcomes = [await written(services, db, event.repo, facts, intent, woken) for intent in intents]
        if again and lines.BUSY in outcomes:
            raise Overtaken(delivery.guid)
        if facts is not None:
            named = {"owner": facts.repository.owner, "name": facts.repository.name}
            await repositories.learn(db, event.repo.model_copy(update=named))
        outcome, at = "; ".join(outcomes) or "nothing to do", services.clock.now()
        if not await deliveries.routed(db, delivery, outcome, at, _passed_by(event, intents, facts)):
            raise RoutedElsewhere(delivery.guid)
        await tell_of_a_hold(db, woken, services.clock.now())
    return "; ".join(outcomes), woken


def _passed_by(event: Event, intents: Sequence[Intent], facts: Facts | None) -> tuple[int, int] | None:
    """Where people may ask why nothing came of it; None where something did, where nothing could, and of our own doing.

    What could mean nothing by its words alone (`facts` is None) is most of what there is, and nobody asks about it.
    """
    number: int | None = getattr(event, "number", None)
    ours = facts is not None and isinstance(event, Told) and event.sender.login.casefold() == facts.app.login.casefold()
    if facts is None or number is None or ours or not any(isinstance(intent, Ignore) for intent in intents):
        return None
    acts = any(isinstance(intent, StartRun | Signal | Say | SetHold) for intent in intents)
    return None if acts else (event.repo.id, number)


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
