"""The sweep: what GitHub could not hand over is asked for again, until the inbox has everything.

GitHub sends nothing twice by itself, and keeps its log for three days. A sweep reads that log back to where an earlier
one found nothing missing, compares it with the inbox, and asks for each GUID that is not there: the service was down,
answered 503, or lost its database and got a backup back. Whatever arrives twice is stored once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from adapters.github.hook import KEPT, Attempt, Hook
from adapters.store import deliveries
from core.errors import BotError, GitHubRefused, NotThere
from jobs.services import Services

INTERVAL_SECONDS = 600
"""Between two sweeps; nothing is asked for twice within it."""
MOST_ASKED = 500
"""In one sweep. With the pace below it is over before the next one."""
PACE_SECONDS = 0.75
"""Between two requests that make GitHub do something: it allows some eighty a minute."""
OVERLAP = timedelta(minutes=10)
"""How much of what was complete is read again: a delivery enters the log when it is over, and two clocks differ."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Missing:
    """A GUID that the inbox does not know, and how often GitHub tried."""

    newest: Attempt
    oldest: Attempt
    attempts: int

    def may_be_asked(self, now: datetime) -> bool:
        """Not where it was asked for (by us, or by a person in the App's settings) less than an interval ago."""
        return not (self.newest.redelivery and self.newest.delivered_at > now - timedelta(seconds=INTERVAL_SECONDS))


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep came to. `put_off` says why it ended early, in one sentence; the next one goes on."""

    read: int = 0
    """Attempts in the part of GitHub's log that was read."""
    missing: int = 0
    asked: int = 0
    put_off: str | None = None


async def sweep(services: Services, *, most: int = MOST_ASKED, pace_seconds: float = PACE_SECONDS) -> Swept:
    """Ask GitHub for whatever is missing, oldest first, and those first that were asked for least often.

    Two sweeps at once do no harm. One that ends early, because GitHub is away or limits us, remembers nothing that it
    has not seen; what was asked for counts as missing until it has arrived.
    """
    swept = await _sweep(services, most, pace_seconds)
    if swept.put_off is None:
        log.info("sweep.done", read=swept.read, missing=swept.missing, asked=swept.asked)
    else:
        log.warning("sweep.put_off", why=swept.put_off, read=swept.read, missing=swept.missing, asked=swept.asked)
    return swept


async def _sweep(services: Services, most: int, pace_seconds: float) -> Swept:
    began = services.clock.now()
    try:
        since = await _since(services, began)
        read, missing = await _missing(services, since)
        await _remember(services, missing, began)
    except BotError as error:
        return Swept(put_off=str(error))
    # The ids of attempts only grow.
    wanted = sorted(
        (one for one in missing.values() if one.may_be_asked(began)), key=lambda one: (one.attempts, one.oldest.id)
    )
    asked, put_off = await _ask(services.github.hook, wanted[:most], pace_seconds)
    return Swept(read, len(missing), asked, put_off)


async def _since(services: Services, now: datetime) -> datetime:
    """From when on GitHub's log must be read. Says so where something may be lost for good."""
    oldest = now - KEPT
    async with services.store.read() as db:
        complete_until = await deliveries.complete_until(db)
    if complete_until is None:
        return oldest
    if complete_until < oldest:
        log.warning(
            "sweep.too_late",
            lost_since=complete_until.isoformat(),
            lost_until=oldest.isoformat(),
            why="GitHub keeps deliveries for three days; those that did not arrive in this time are gone.",
            remedy="Where an issue got a label or a command then and nothing happened, set the label or comment again.",
        )
    return max(oldest, complete_until - OVERLAP)


async def _missing(services: Services, since: datetime) -> tuple[int, Mapping[str, Missing]]:
    """How many attempts there were since then, and what the inbox does not know, by GUID."""
    read = 0
    missing: dict[str, Missing] = {}
    async for page in services.github.hook.log():
        recent = [one for one in page if one.delivered_at >= since]
        read += len(recent)
        async with services.store.read() as db:
            known = await deliveries.known(db, {one.guid for one in recent})
        for one in recent:
            if one.guid not in known:
                found = missing.get(one.guid)
                missing[one.guid] = Missing(found.newest, one, found.attempts + 1) if found else Missing(one, one, 1)
        if len(recent) < len(page):
            break
    return read, missing


async def _remember(services: Services, missing: Mapping[str, Missing], began: datetime) -> None:
    async with services.store.begin() as db:
        await deliveries.completed(db, min([began, *(one.oldest.delivered_at for one in missing.values())]))


async def _ask(hook: Hook, wanted: Sequence[Missing], pace_seconds: float) -> tuple[int, str | None]:
    """How many were asked for, and what kept the rest from being."""
    asked = 0
    for one in wanted:
        if asked:
            await asyncio.sleep(pace_seconds)
        try:
            await hook.ask_again(one.newest.id)
        except (NotThere, GitHubRefused) as error:
            log.warning("sweep.refused", delivery=one.newest.guid, name=one.newest.event, why=str(error))
            continue
        except BotError as error:
            return asked, str(error)
        asked += 1
    return asked, None
