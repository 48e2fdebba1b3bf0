"""Loose effects: what is said and done that belongs to no lease, at once and, where that fails, ever more rarely."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import deliveries, effects
from core.errors import BotError
from core.runs import Effect
from jobs import alarms, outbox
from jobs.effects import Outside
from jobs.patience import alone, may_pass, pause
from jobs.services import Services

BATCH = 50

log = structlog.get_logger()


async def perform_loose(services: Services) -> None:
    """Do the effects that belong to no lease: answers, reactions, and what is left to say when a run has ended."""
    now = services.clock.now()
    async with services.store.read() as db:
        waiting = await effects.pending_loose(db, now, BATCH)
    for effect in waiting:
        with structlog.contextvars.bound_contextvars(effect=effect.key, repo=effect.repo.full_name):
            await alone(_try_loose(services, effect, now), partial(_leave_unsaid, services, effect))


async def _try_loose(services: Services, effect: Effect, now: datetime) -> None:
    try:
        await perform_one_loose(services, effect)
    except BotError as error:
        later = now + timedelta(seconds=pause(effect.attempts)) if may_pass(error) else None
        async with services.store.begin() as db:
            await effects.failed(db, effect.key, str(error), later)
            if (alarm := alarms.of_error(error, now)) is not None:
                await alarms.tell(db, effect.repo, alarm, now)
        log.warning("effect.failed", code=error.code, why=str(error))


async def _leave_unsaid(services: Services, effect: Effect, why: str) -> None:
    """Try it again at ever longer intervals, and not for ever: the mistake is ours."""
    given_up = effect.attempts + 1 >= deliveries.MAX_ATTEMPTS
    later = None if given_up else services.clock.now() + timedelta(seconds=pause(effect.attempts))
    async with services.store.begin() as db:
        await effects.failed(db, effect.key, why, later)
    log.error("effect.failed", why=why)


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
