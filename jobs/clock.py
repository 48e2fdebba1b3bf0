"""The clock: whatever nobody picked up is rung for again, and whatever did not arrive is asked for again.

One leader at a time, by a lease in the database. It decides nothing itself; a bell or a delivery too many is harmless,
because claims are guarded and the inbox knows a GUID when it sees one.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from adapters.store import leases, runs
from jobs import installations, retention, schedules
from jobs.bells import ring
from jobs.services import Services
from jobs.sweep import INTERVAL_SECONDS, sweep

BATCH = 200

log = structlog.get_logger()


async def run(services: Services, stop: asyncio.Event, *, sweep_seconds: float = INTERVAL_SECONDS) -> None:
    """Tick and sweep until told to stop, each at its own pace: a slow GitHub must not stop the ticks.

    The first sweep comes one tick after the start, so that a receiver that starts beside us listens by then.
    """

    async def tick_() -> None:
        await tick(services)

    async def sweep_() -> None:
        if await leads(services):
            await sweep(services)

    async def schedules_() -> None:
        if await leads(services):
            await schedules.read(services)

    async def retention_() -> None:
        if await leads(services):
            await installations.forget(services)
            await retention.daily(services)

    every = services.settings.clock_seconds
    beside = [
        asyncio.create_task(_regularly(sweep_, stop, sweep_seconds, first_after_seconds=every)),
        asyncio.create_task(_regularly(schedules_, stop, schedules.READ_SECONDS, first_after_seconds=every)),
        asyncio.create_task(_regularly(retention_, stop, retention.LOOK_SECONDS, first_after_seconds=every)),
    ]
    try:
        await _regularly(tick_, stop, every)
    finally:
        # They may be waiting for GitHub; what they have not asked for, the next one does.
        for one in beside:
            one.cancel()
        await asyncio.wait(beside)
    async with services.store.begin() as db:
        await leases.give_back(db, "clock", services.worker)


async def leads(services: Services) -> bool:
    """Whether this clock is the one that counts, for three more ticks."""
    async with services.store.begin() as db:
        seconds = services.settings.clock_seconds * 3
        return await leases.take(db, "clock", services.worker, services.clock.now(), seconds)


async def tick(services: Services) -> None:
    """Ring for what is due: runs to claim or to look at again, times that have come, deliveries and answers still to be
    done."""
    if not await leads(services):
        return
    now = services.clock.now()
    async with services.store.begin() as db:
        due = await runs.due(db, now, BATCH)
        await runs.lock_in_order(db, due)
        for run_id in due:
            await runs.wake(db, run_id, now)  # where it waited for a time that has come
    for run_id in due[: await _bells(services, len(due))]:
        await ring(services, run_id)
    await schedules.tell(services)
    # Intake drains until empty, answers included; it costs four reads when there is nothing.
    await services.doorbell.ring_intake()


async def _bells(services: Services, due: int) -> int:
    """How many bells are missing for so many runs.

    A bell is heard for whichever run's turn it is: those that nobody has heard yet do for as many runs. Where Redis
    forgot them there are none, and as many are rung as are due.
    """
    unheard = await services.doorbell.unheard()
    return 0 if unheard is None else max(0, due - unheard)


async def _regularly(
    act: Callable[[], Awaitable[None]], stop: asyncio.Event, seconds: float, *, first_after_seconds: float = 0
) -> None:
    """Do it again and again until told to stop. One that fails is logged, and the next one comes."""
    if first_after_seconds:
        await _passed(stop, first_after_seconds)
    while not stop.is_set():
        try:
            await act()
        except Exception:  # the edge of a job: the clock must not stop
            log.exception("clock.failed")
        await _passed(stop, seconds)


async def _passed(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
