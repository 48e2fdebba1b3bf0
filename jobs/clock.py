"""The clock: whatever nobody picked up is rung for again. One leader at a time, by a lease in the database.

It decides nothing and does nothing itself; a bell too many is harmless, because claims are guarded.
"""

import asyncio
import contextlib

import structlog

from adapters.store import leases, runs
from jobs.intake import ring
from jobs.services import Services

BATCH = 200

log = structlog.get_logger()


async def run(services: Services, stop: asyncio.Event) -> None:
    """Tick until told to stop. A tick that fails is logged, and the next one comes."""
    every = services.settings.clock_seconds
    while not stop.is_set():
        try:
            await tick(services)
        except Exception:  # the edge of a job: the clock must not stop
            log.exception("clock.tick_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)
    async with services.store.begin() as db:
        await leases.give_back(db, "clock", services.worker)


async def tick(services: Services) -> None:
    """Ring for what is due: runs to claim or to look at again, deliveries and answers still to be done."""
    now = services.clock.now()
    async with services.store.begin() as db:
        leads = await leases.take(db, "clock", services.worker, now, services.settings.clock_seconds * 3)
    if not leads:
        return
    async with services.store.begin() as db:
        due = await runs.due(db, now, BATCH)
        for run_id in due:
            await runs.wake(db, run_id, now)  # where it waited for a time that has come
    for run_id in due:
        await ring(services, run_id)
    # Intake drains until empty, answers included; it costs two reads when there is nothing.
    await services.doorbell.ring_intake()
