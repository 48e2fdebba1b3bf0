"""Schedules: what the workflows of every known repository say of times, and a delivery of our own when one has come.

Only the clock's leader is here. A time that has come is told to intake like anything else that happens: the delivery
and the next time are written in one transaction, so that none is lost and none comes twice, whoever dies. Intake reads
the workflow again before it starts it.
"""

from datetime import datetime, timedelta

import structlog

from adapters.store import deliveries, repositories, schedules
from adapters.store.schedules import Scheduled
from core.calls import CLOCK, TimeCall
from core.cron import parse, zone
from core.errors import BotError, NotInstalled, NotThere
from core.names import Repo
from core.runs import Delivery
from jobs.policy import head_of_default
from jobs.services import Services
from jobs.sources import workflows_at

READ_SECONDS = 300.0
"""How often the workflows of all repositories are looked at for schedules: a new one is heard of by then."""
LATE = timedelta(minutes=5)
"""A time that is longer ago was missed: the service was down, or had no leader."""
BATCH = 100

log = structlog.get_logger()


async def read(services: Services) -> None:
    """Bring what is known of schedules up to date with the default branches. One repository's failure is no other's."""
    async with services.store.read() as db:
        known = await repositories.all_(db)
    for repo in known:
        try:
            await _read_one(services, repo)
        except (NotThere, NotInstalled):
            await _forget(services, repo)
        except BotError as error:
            log.warning("schedules.not_read", repo=repo.full_name, code=error.code, why=str(error))


async def tell(services: Services) -> int:
    """Hand every time that has come to intake; how many did."""
    now = services.clock.now()
    async with services.store.read() as db:
        due = await schedules.due(db, now, BATCH)
    told = 0
    for one in due:
        told += await _tell_one(services, one, now)
    return told


async def _read_one(services: Services, repo: Repo) -> None:
    github = services.github.repository(repo)
    sha = await head_of_default(github, await github.repository())
    workflows, now = await workflows_at(services, github, repo, sha), services.clock.now()
    wanted = {(name, time.words): time for name, on in workflows.listening("schedule") for time in on.schedule}
    async with services.store.begin() as db:
        there = {(one.workflow, one.said): one for one in await schedules.of_repository(db, repo.id)}
        await schedules.remove(db, [one for key, one in there.items() if key not in wanted])
        for (name, said), time in wanted.items():
            if (name, said) not in there:
                next_at = time.meaning.next_after(now, zone(time.timezone))
                await schedules.add(db, Scheduled(repo_id=repo.id, workflow=name, said=said, next_at=next_at))


async def _forget(services: Services, repo: Repo) -> None:
    """The App cannot see the repository any more, or it has nothing in it: it has no schedules."""
    async with services.store.begin() as db:
        await schedules.remove(db, await schedules.of_repository(db, repo.id))


async def _tell_one(services: Services, one: Scheduled, now: datetime) -> bool:
    """Whether a time was handed over. All times that were missed are one, the first; or, as `missed: skip` says, none:
    what counts then is the first that was not, which may have come by now."""
    *fields, place, missed = one.said.split(" ")
    times, where = parse(" ".join(fields)), zone(place)
    skips = missed == "skip" and now - one.next_at > LATE
    instant = times.next_after(now - LATE, where) if skips else one.next_at
    came = instant <= now
    async with services.store.begin() as db:
        repo = await repositories.get(db, one.repo_id)
        if not await schedules.move(db, one, times.next_after(now, where)) or repo is None:
            return False
        if came:
            await deliveries.insert(db, [_delivery(repo, one.workflow, instant, now)])
    log.info("schedule.came" if came else "schedule.skipped", repo=repo.full_name, workflow=one.workflow)
    return came


def _delivery(repo: Repo, workflow: str, instant: datetime, now: datetime) -> Delivery:
    """The same time is the same delivery, however often it is told."""
    call = TimeCall(repository=repo.full_name, workflow=workflow, instant=instant)
    return Delivery(
        hook_id=CLOCK,
        guid=f"schedule:{repo.id}:{workflow}:{instant:%Y-%m-%dT%H:%M:%SZ}",
        event="schedule",
        body=call.model_dump_json().encode(),
        received_at=now,
    )
