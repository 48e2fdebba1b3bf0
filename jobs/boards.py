"""The board of a repository: one pinned issue, made once, edited where what it says has changed, ended by closing it.

Nobody says that something changed: what waits is read from the store at every tick of the clock, and one edit brings
all that changed meanwhile. Whoever does it takes the board's row for a minute. The issue is opened through the outbox,
which looks before it acts again; editing and pinning come to the same however often they are done.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import alarms, boards, effects, holds, repositories, shut, stops, waits
from adapters.store.waits import Wait
from core import faults
from core.boards import Board
from core.digests import digest
from core.effects import OpenIssue, PostComment
from core.errors import BotError, GitHubRefused, NotThere, PermissionMissing, RateLimited
from core.github import GitHub, Issue
from core.markers import marked
from core.names import Digest, Repo
from core.runs import EffectState, NewEffect
from handlers import replies
from handlers.replies.board import BoardView, WaitView
from jobs.effects.comments import fitting
from jobs.loose import perform_loose
from jobs.patience import alone, may_pass, pause
from jobs.services import Services

BATCH = 50
EVERY_SECONDS = 10.0
"""How often the issue is edited at most. The look is intake's, at any bell, and at the latest at one of the clock's."""
MOST_READ = 200
SEEN_LATE = timedelta(minutes=1)
"""Where GitHub does not tell when the issue went, it may have been so long ago: what was asked since counts."""

log = structlog.get_logger()


async def refresh(services: Services) -> None:
    """Bring the boards that are due up to date. It costs one read where there is none."""
    async with services.store.read() as db:
        due = await boards.due(db, services.clock.now(), BATCH)
    for repo_id in due:
        with structlog.contextvars.bound_contextvars(board=repo_id):
            await alone(_refresh(services, repo_id), partial(_failed, services, repo_id))
    if due:
        await perform_loose(services)


async def text_of(db: AsyncConnection, place: str, repo: Repo, now: datetime) -> str:
    """What the board of this repository says now."""
    every = await holds.on(db, repo)
    held = [every] if every is not None and every.by is None else []
    found = await waits.of_repository(db, repo.id, MOST_READ)
    return replies.board(
        BoardView(
            place=place,
            waits=[_view(one) for one in found if replies.counts(one.waiting, one.since, now)],
            holds=[*held, *await stops.of_repository(db, repo, MOST_READ)],
            alarms=await alarms.of_repository(db, repo.id),
        )
    )


def _view(wait: Wait) -> WaitView:
    in_pull = wait.waiting.binds == "change" or (wait.waiting.binds is None and wait.pull is not None)
    number = (wait.pull if in_pull else None) or wait.number or wait.pull or 0
    return WaitView(run=wait.run_id, workflow=wait.workflow, number=number, waiting=wait.waiting, since=wait.since)


async def _refresh(services: Services, repo_id: int) -> None:
    now = services.clock.now()
    async with services.store.begin() as db:
        board = await boards.take(db, repo_id, now)
        repo = await repositories.get(db, repo_id)
        if board is None:
            return
        if repo is None or await shut.on(db, repo) is not None:
            # Not ours any more, or nobody can write there now.
            until = None if repo is None else now + timedelta(minutes=5)
            await boards.put_off(db, repo_id, until, failed=False)
            return
    try:
        await _bring_up(services, board, repo)
    except BotError as error:
        seconds = error.retry_after_seconds if isinstance(error, RateLimited) else pause(board.failures)
        async with services.store.begin() as db:
            until = services.clock.now() + timedelta(seconds=max(seconds, EVERY_SECONDS))
            await boards.put_off(db, repo_id, until, failed=not isinstance(error, RateLimited))
        log.warning("board.failed", code=error.code, why=str(error), passes=may_pass(error))


async def _failed(services: Services, repo_id: int, why: str) -> None:
    async with services.store.begin() as db:
        await boards.put_off(db, repo_id, services.clock.now() + timedelta(hours=1), failed=True)
    log.error("board.failed", why=why)


async def _bring_up(services: Services, board: Board, repo: Repo) -> None:
    until = services.clock.now() + timedelta(seconds=boards.TAKEN_SECONDS)
    place = f"{services.settings.github_url.rstrip('/')}/{repo.full_name}/issues"
    async with services.store.read() as db:
        text = await text_of(db, place, repo, services.clock.now())
    text = fitting(services.redactor.text(text))
    body = marked(text, board.key)
    shown = digest("board", body)
    if shown == board.shown and not board.asks:
        async with services.store.begin() as db:
            later = services.clock.now() + timedelta(seconds=EVERY_SECONDS)
            await boards.put_off(db, board.repo_id, later, failed=False)
        return
    github = services.github.repository(repo)
    issue = await _there(services, board, github)
    if issue is None and board.number is not None:
        if not board.asks:
            async with services.store.begin() as db:
                await boards.end(db, board, services.clock.now() - SEEN_LATE)
            return
        async with services.store.begin() as db:
            board = await boards.renew(db, board)
        body = marked(text, board.key)
        shown = digest("board", body)
    if issue is None:
        issue = await _made(services, board, repo, github, text)
        if issue is None:
            return
    ended = None if issue.open else await _ended_at(services, github, issue.number)
    if ended is not None and not any(ask.at >= ended for ask in board.asks):
        async with services.store.begin() as db:
            await boards.end(db, board, ended)
        log.info("board.ended", issue=issue.number)
        return
    if services.clock.now() >= until:
        return  # another worker may have it by now
    if ended is not None or _plain(issue.body) != _plain(body):
        await github.edit_issue(issue.number, body=body, reopen=ended is not None)
        faults.point("board.after_edit")
    unpinned = await _pinned(github, issue) if board.asks else None
    await _settle(services, board, repo, issue.number, shown, replies.board_is_there(issue.number, unpinned))


async def _there(services: Services, board: Board, github: GitHub) -> Issue | None:
    """The issue as GitHub shows it; None where there is none, or it was moved elsewhere."""
    if board.number is None:
        return None
    try:
        issue = await github.issue(board.number)
    except NotThere:
        return None
    ours = issue.author.login == (await services.github.identity()).login
    return issue if issue.number == board.number and ours else None


async def _made(services: Services, board: Board, repo: Repo, github: GitHub, text: str) -> Issue | None:
    """The issue, made now or by whoever died over it; None where it could not be, which is said, or not yet."""
    act = OpenIssue(title=replies.BOARD_TITLE, body=text)
    async with services.store.begin() as db:
        new = NewEffect(key=board.key, run_id=None, repo=repo, act=act, at=services.clock.now())
        await effects.insert(db, new)
    await perform_loose(services)
    async with services.store.read() as db:
        effect = await effects.require(db, board.key)
    if effect.state is EffectState.failed:
        async with services.store.begin() as db:
            await _answer(db, board, repo, replies.no_board(effect.error or ""), services.clock.now())
            board = await boards.renew(db, board)
            await boards.end(db, board, services.clock.now())
        return None
    if effect.receipt is None:
        soon = services.clock.now() + timedelta(seconds=EVERY_SECONDS)
        async with services.store.begin() as db:
            await boards.put_off(db, board.repo_id, max(soon, effect.not_before or soon), failed=False)
        return None
    number = int(effect.receipt["issue"])
    async with services.store.begin() as db:
        await boards.made(db, board, number)
    return await github.issue(number)


async def _ended_at(services: Services, github: GitHub, number: int) -> datetime:
    closing = await github.closing(number)
    return closing.at if closing is not None else services.clock.now() - SEEN_LATE


async def _pinned(github: GitHub, issue: Issue) -> str | None:
    """None once it is pinned; else why GitHub does not pin it."""
    try:
        if not await github.pinned(issue.node_id):
            await github.pin(issue.node_id)
            faults.point("board.after_pin")
    except (GitHubRefused, NotThere, PermissionMissing) as error:
        return str(error)
    return None


async def _settle(services: Services, board: Board, repo: Repo, number: int, shown: Digest, answer: str) -> None:
    now = services.clock.now()
    async with services.store.begin() as db:
        await _answer(db, board, repo, answer, now)
        await boards.shows(db, board, shown, now + timedelta(seconds=EVERY_SECONDS))
    log.info("board.shown", issue=number, asked=len(board.asks))


async def _answer(db: AsyncConnection, board: Board, repo: Repo, body: str, now: datetime) -> None:
    """Answer whoever asked, each once."""
    for ask in board.asks:
        said = PostComment(number=ask.number, body=body)
        await effects.insert(db, NewEffect(key=f"say:{ask.key}:answer", run_id=None, repo=repo, act=said, at=now))


def _plain(body: str) -> Sequence[str]:
    """What tells two texts apart: GitHub may write the ends of lines otherwise."""
    return [row.rstrip() for row in body.strip().splitlines()]
