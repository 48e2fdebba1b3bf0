"""Installations, followed: what GitHub says of them is put down, and what is kept of one that is gone is deleted."""

import shutil
from asyncio import to_thread

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import alarms, deliveries, installations, repositories, runs, shut, signals, uninstalled
from core.errors import AppRefused, NotInstalled
from core.names import Repo, RunId
from core.runs import Delivery, NewSignal, SignalKind
from handlers.installation_changed import (
    REMOVED,
    SUSPENDED,
    Consequence,
    InstallationChanged,
    Known,
    Lost,
    Removed,
    plan,
)
from jobs.services import Services

BATCH = 50
"""Rows that one transaction deletes."""

log = structlog.get_logger()


async def follow(services: Services, delivery: Delivery, change: InstallationChanged) -> tuple[str, set[RunId]]:
    """What came of the delivery, in words for the operator, and the runs to be rung for."""
    standing = await services.github.installation(change.installation_id)
    covered = [repo.id for repo in change.left if standing is not None and await _covers(services, repo)]
    woken: set[RunId] = set()
    async with services.store.begin() as db:
        wanted = plan(change, standing, covered)
        outcomes = [await _write(services, db, change, one, woken) for one in wanted]
        await deliveries.routed(db, delivery, "; ".join(outcomes), services.clock.now())
    return "; ".join(outcomes), woken


async def _covers(services: Services, repo: Repo) -> bool:
    """Whether the App is still installed on the repository that has this id."""
    try:
        await services.github.installation_of(repo.owner, repo.name)
        return (await services.github.repository(repo).repository()).id == repo.id
    except (AppRefused, NotInstalled):
        return False


async def _write(
    services: Services, db: AsyncConnection, change: InstallationChanged, one: Consequence, woken: set[RunId]
) -> str:
    number, now = change.installation_id, services.clock.now()
    match one:
        case Known(standing):
            known = installations.Installation(id=number, account=standing.account, suspended=standing.suspended)
            await installations.upsert(db, known)
            await alarms.may_be_granted(db, number, now)
            if standing.suspended:
                await shut.close(db, shut.What.installation, number, SUSPENDED, now)
                return f"installation {number} of {standing.account} is suspended: its runs wait"
            await shut.reopen(db, shut.What.installation, number)
            return f"installation {number} of {standing.account} is known"
        case Removed():
            await shut.close(db, shut.What.installation, number, REMOVED, now, gone=True)
            return f"installation {number} is gone: what is kept of it is deleted"
        case Lost(repo, why):
            lost = await runs.unfinished_of(db, repo.id)
            for run_id in lost:
                key = f"repository:{repo.id}:lost:{run_id}"
                said = NewSignal(key=key, run_id=run_id, kind=SignalKind.closed, actor="github", text=why, at=now)
                if await signals.insert(db, said):
                    woken.add(run_id)
            await repositories.remove(db, repo.id)
            return f"{repo.full_name} is not ours any more: {len(lost)} runs end"


async def forget(services: Services) -> None:
    """Delete what is kept of installations that are gone: their runs with all that belongs to them, what was said and
    received, and the mirrors and dependencies on this machine. Whatever ends this early, the next time finds the rest.

    What runs stored as artifacts goes with the next retention, where no other run has the same content.
    """
    async with services.store.read() as db:
        gone = await shut.gone(db)
    for number in gone:
        if await services.github.installation(number) is not None:
            continue  # it cannot come back under this id, so that something is wrong here: nothing is deleted
        await _forget(services, number)


async def _forget(services: Services, number: int) -> None:
    async with services.store.read() as db:
        theirs = await uninstalled.repositories_of(db, number)
    count = 0
    for repo_id in theirs:
        while True:
            async with services.store.begin() as db:
                some = await uninstalled.forget_runs(db, repo_id, services.clock.now(), BATCH)
            count += some
            if not some:
                break
        async with services.store.read() as db:
            at_work = await uninstalled.at_work(db, repo_id)
        if at_work:
            return  # somebody still holds a lease there, and gives it back
        async with services.store.begin() as db:
            await uninstalled.forget_repository(db, repo_id)
        await services.mirrors.forget(repo_id)
        await to_thread(shutil.rmtree, services.settings.data_dir / "layers" / str(repo_id), ignore_errors=True)
    received = await _forget_received(services, number)
    async with services.store.begin() as db:
        await uninstalled.forget_words(db, number)
        await uninstalled.forget_installation(db, number)
    log.info("installation.forgotten", installation=number, runs=count, deliveries=received)


async def _forget_received(services: Services, number: int) -> int:
    """Delete the deliveries of the installation that are settled; how many they were."""
    count, after = 0, None
    while True:
        async with services.store.read() as db:
            some = await uninstalled.deliveries_after(db, after, BATCH)
        if not some:
            return count
        after = some[-1].received_at, some[-1].guid
        theirs = [one.guid for one in some if uninstalled.is_of(one.body, number)]
        if theirs:
            async with services.store.begin() as db:
                count += await uninstalled.forget_deliveries(db, theirs)
