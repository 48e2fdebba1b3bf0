"""Setbacks: a run whose step failed is put off for what may pass, and else ends and says why."""

import math
from collections.abc import Mapping
from datetime import timedelta

import structlog

from adapters.store import events, runs
from core.errors import BotError, CircuitOpen, NotThere, RateLimited
from core.runs import Run
from jobs import endings
from jobs.lease import Lease
from jobs.services import Services

ATTEMPTS = 5
"""Failed attempts in a row, without a step done in between, before a run is given up."""

OUTAGES = 20
"""Times in a row that something outside may be away. With the pauses below that is about two hours."""
LONGEST_PAUSE_SECONDS = 600.0
LONGEST_AWAY_SECONDS = 2 * 3600
"""For how long in all a run waits for what others found away: only one of them asks at a time, and counts an outage."""
NOT_THERE = 3
"""Times in a row that GitHub may not find something: what was just made is not always shown at once."""

SHOWN_OUTAGE = 3
"""From this one on people are told that the run waits: shorter ones pass unnoticed."""

log = structlog.get_logger()


class Unforeseen(BotError):
    """A bug of ours, which may not strike again. The operator's log has the traceback."""

    code = "unforeseen"


class GivenUp(BotError):
    """The run failed again and again at the same place."""

    code = endings.GIVEN_UP

    def remedy(self) -> str:
        return "The operator should look at the log of this run; then comment `/retry`."


async def failed(services: Services, lease: Lease, error: BotError) -> None:
    """Give a run back to be tried later, or end it and say why."""
    async with services.store.read() as db:
        run = await runs.require(db, lease.run_id)
    if _may_pass(error, run):
        await _wait_out(services, lease, run, error)
    elif isinstance(error, Unforeseen) and run.attempts < ATTEMPTS:
        now, pause = services.clock.now(), 2.0**run.attempts
        async with lease.write() as db:
            await events.append(db, run.id, name="run.postponed", actor="pullwright", facts=_why(error, pause), at=now)
            await runs.release(db, run.id, lease.epoch, not_before=now + timedelta(seconds=pause))
        log.warning("run.postponed", code=error.code, why=str(error), seconds=pause)
    else:
        log.warning("run.failed", code=error.code, why=str(error))
        await endings.fail(services, lease, error)


def _may_pass(error: BotError, run: Run) -> bool:
    if isinstance(error, CircuitOpen):
        return run.away_seconds < LONGEST_AWAY_SECONDS
    if isinstance(error, RateLimited):
        return True  # GitHub is there, and says when it will serve us: that is no outage, however often it says so
    return run.outages < (NOT_THERE if isinstance(error, NotThere) else OUTAGES if error.retryable else 0)


async def _wait_out(services: Services, lease: Lease, run: Run, error: BotError) -> None:
    """Put the run off while GitHub, the model or the database is away: that is no failure of the run."""
    pause = min(2.0 ** (run.outages + 1), LONGEST_PAUSE_SECONDS)
    if isinstance(error, RateLimited):
        pause = max(error.retry_after_seconds, 1.0)
        if isinstance(error, CircuitOpen):
            await endings.show_outage(services, run, str(error))
    elif run.outages + 1 == SHOWN_OUTAGE:
        await endings.show_outage(services, run, str(error))
    now = services.clock.now()
    asked_to_wait = isinstance(error, RateLimited) and not isinstance(error, CircuitOpen)
    async with lease.write() as db:
        await events.append(db, run.id, name="run.postponed", actor="pullwright", facts=_why(error, pause), at=now)
        await runs.wait_out(
            db,
            run.id,
            lease.epoch,
            now + timedelta(seconds=pause),
            outage=not isinstance(error, RateLimited),
            away_seconds=0 if asked_to_wait else math.ceil(pause),
        )
    log.warning("run.postponed", code=error.code, why=str(error), seconds=pause)


def _why(error: BotError, pause: float) -> Mapping[str, object]:
    return {"code": error.code, "why": str(error), "seconds": pause}
