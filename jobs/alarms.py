"""Alarms: what goes wrong that nobody asked about is told once while it lasts, and in no comment.

Where the head of a pull request can carry it, it is one red check `pullwright/config` there, green again when it is
over; and where the repository has a board, it stands there first. An alarm and the check that shows it are written in
one transaction. Each is looked at again: at the time at which it is over, or every few minutes where none is known.
"""

from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import alarms, effects, repositories, shut
from core.boards import Alarm, AlarmKind
from core.digests import digest, short
from core.effects import PutCheck
from core.errors import BotError, PermissionMissing, PolicyInvalid
from core.github import CheckStatus, Conclusion
from core.names import Repo, Sha
from core.runs import NewEffect
from handlers import configuration, replies
from jobs.patience import alone
from jobs.policy import in_force, read_policy
from jobs.services import Services

BATCH = 20
LASTS = timedelta(days=1)
"""How long a missing permission is told of after it was missed last, where GitHub does not say that it was granted."""
LOOK_AGAIN = timedelta(seconds=alarms.LOOK_SECONDS)

log = structlog.get_logger()


def of_error(error: BotError, now: datetime, *, about: int = 0, head: Sha | None = None) -> Alarm | None:
    """The alarm that this failure is; None where it is none."""
    if isinstance(error, PolicyInvalid):
        return Alarm(kind=AlarmKind.policy, why=str(error), head=head, since=now)
    if isinstance(error, PermissionMissing):
        return Alarm(
            kind=AlarmKind.permission,
            about=about,
            why=f"{error} {error.remedy()}",
            head=head,
            since=now,
            until=now + LASTS,
        )
    return None


async def tell(db: AsyncConnection, repo: Repo, alarm: Alarm, now: datetime) -> bool:
    """Raise the alarm, with the check that carries it. False: it stands already, and nothing more is said."""
    if not await alarms.raise_(db, repo.id, alarm):
        return False
    if alarm.head is not None:
        await _show(db, repo, alarm.head, now)
    return True


async def put_judgement(db: AsyncConnection, repo: Repo, check: PutCheck, key: str, now: datetime) -> None:
    """Put what the files of ours came to on a commit, or came to when somebody asked again.

    On a head that carries an alarm, or did, one check says both, since the newest of a name counts: it stays red until
    the alarm is over, and says then what was found last.
    """
    if not await effects.insert(db, NewEffect(key=key, run_id=None, repo=repo, act=check, at=now)):
        return
    standing = [one for one in await alarms.of_repository(db, repo.id) if one.head == check.head_sha]
    if standing or await effects.newest_loose(db, _of(repo, check.head_sha)) is not None:
        await effects.overtake(db, key, "The check of the alarms says it.")
        await _show(db, repo, check.head_sha, now)


async def settle(services: Services) -> None:
    """Look at the alarms whose time has come, and end those that are over. It costs one read where there is none."""
    now = services.clock.now()
    async with services.store.read() as db:
        due = await alarms.due(db, now, BATCH)
    for repo_id, alarm in due:
        await alone(_settle(services, repo_id, alarm, now), partial(_failed, services, repo_id, alarm))


async def _settle(services: Services, repo_id: int, alarm: Alarm, now: datetime) -> None:
    async with services.store.read() as db:
        repo = await repositories.get(db, repo_id)
    if repo is not None and not await _is_over(services, repo, alarm, now):
        await _put_off(services, repo_id, alarm)
        return
    async with services.store.begin() as db:
        if await alarms.calm(db, repo_id, alarm) and repo is not None and alarm.head is not None:
            await _show(db, repo, alarm.head, now)


async def _put_off(services: Services, repo_id: int, alarm: Alarm) -> None:
    async with services.store.begin() as db:
        await alarms.put_off(db, repo_id, alarm, services.clock.now() + LOOK_AGAIN)


async def _failed(services: Services, repo_id: int, alarm: Alarm, why: str) -> None:
    log.error("alarm.failed", alarm=alarm.kind.value, why=why)
    await _put_off(services, repo_id, alarm)


async def _is_over(services: Services, repo: Repo, alarm: Alarm, now: datetime) -> bool:
    """Whether its time is over, or the policy can be read again. What is not known is not over."""
    if alarm.until is not None:
        return alarm.until <= now
    async with services.store.read() as db:
        if await shut.on(db, repo) is not None:
            return False
    github = services.github.repository(repo)
    try:
        repository = await github.repository()
        in_force(await read_policy(services, repo, github, repository), repository)
    except BotError as error:
        log.info("alarm.stands", repo=repo.full_name, code=error.code)
        return False
    return True


async def _show(db: AsyncConnection, repo: Repo, head: Sha, now: datetime) -> None:
    """Put on this head what goes wrong about it now. Where nothing does, and the check said something of the files of
    this commit before, it says that again: the newest of a name counts."""
    standing = [one for one in await alarms.of_repository(db, repo.id) if one.head == head]
    told = await effects.newest_loose(db, configuration.key_of(repo, head))
    before = told.act if told is not None and isinstance(told.act, PutCheck) and not standing else None
    text = replies.check_alarms(standing)
    check = PutCheck(
        name=configuration.NAME,
        head_sha=head,
        external_id=f"alarms:{repo.id}",
        status=CheckStatus.completed,
        conclusion=Conclusion.failure if standing else before.conclusion if before else Conclusion.success,
        title=before.title if before else text.title,
        summary=before.summary if before else text.summary,
        text=before.text if before else "",
    )
    key = f"{_of(repo, head)}{now:%Y%m%d%H%M%S%f}:{short(digest('check', check.title, check.summary))}"
    if await effects.get(db, key) is not None:
        return
    await effects.overtake(db, _of(repo, head), "The check says something newer by now.")
    await effects.insert(db, NewEffect(key=key, run_id=None, repo=repo, act=check, at=now))


def _of(repo: Repo, head: Sha) -> str:
    """What the keys of the checks begin with that told of alarms on this head."""
    return f"alarms:{repo.id}:{head}:"
