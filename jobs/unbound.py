"""What intake writes that belongs to no run: answers and reactions, checks, holds, and notes of why."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import alarms as alarm_rows
from adapters.store import boards, decisions, effects, pushes, stops
from core.boards import Alarm, AlarmKind, Ask
from core.decisions import About, Decision
from core.effects import Act as Effect
from core.effects import AddReaction, PostComment
from core.intents import (
    Act,
    Alarmed,
    AskForBoard,
    Decided,
    KeepPush,
    LookAtBoard,
    React,
    Say,
    SetHold,
    ShowCheck,
    Unbound,
)
from core.names import Repo, RunId
from core.runs import NewEffect
from handlers import configuration
from jobs import alarms


async def write(db: AsyncConnection, repo: Repo, intent: Unbound, woken: set[RunId], now: datetime) -> str:
    """Write what the intent asks for, and say so. Runs that may go on because of it are added to `woken`."""

    async def intend(key: str, act: Effect) -> None:
        await effects.insert(db, NewEffect(key=key, run_id=None, repo=repo, act=act, at=now))

    match intent:
        case Say(number, body, key):
            await intend(f"say:{key}", PostComment(number=number, body=body))
            return "answered"
        case React(number, comment_id, content):
            reaction = AddReaction(number=number, comment_id=comment_id, content=content)
            await intend(f"react:{repo.id}:{number}:{comment_id}:{content}", reaction)
            return f"reacted {content}"
        case ShowCheck(check, key):
            if check.name == configuration.NAME:
                await alarms.put_judgement(db, repo, check, key, now)
                await alarm_rows.look_now(db, repo.id, AlarmKind.policy, now)
            else:
                await intend(key, check)
            return f"check {check.name} on {check.head_sha[:12]}"
        case Act(act, key):
            await intend(key, act)
            return f"to be done: {act.kind}"
        case Decided() | KeepPush():
            return await _note(db, repo, intent, now)
        case SetHold():
            return await _hold(db, repo, intent, woken)
        case AskForBoard(number, actor, asked, at):
            new = await boards.ask(db, repo.id, Ask(key=asked, number=number, by=actor, at=at))
            return "asked for the board" if new else "the board was asked for, or ended since"
        case LookAtBoard():
            await boards.touched(db, repo.id, now)
            return "the board is to be looked at"
        case Alarmed(kind, why, about, head, until):
            alarm = Alarm(kind=kind, about=about, why=why, head=head, since=now, until=until)
            return "alarm" if await alarms.tell(db, repo, alarm, now) else "the alarm stands already"


async def _note(db: AsyncConnection, repo: Repo, intent: Decided | KeepPush, now: datetime) -> str:
    if isinstance(intent, Decided):
        why = Decision(number=intent.number, about=About.word, at=now, tree=intent.tree)
        await decisions.keep(db, repo.id, why)
        return "noted why"
    await pushes.keep(db, repo.id, intent.number, intent.push, now)
    return f"noted who pushed {intent.push.head[:12]}"


async def _hold(db: AsyncConnection, repo: Repo, word: SetHold, woken: set[RunId]) -> str:
    about = stops.WHOLE if word.number is None else word.number
    kept = await stops.say(
        db, repo.id, about, held=word.held, reason=word.reason, by=word.actor, key=word.key, at=word.at
    )
    if not kept:
        return "a newer word stands"
    if not word.held:
        woken.update(await stops.held_runs(db, repo.id, about))
    return f"{'held' if word.held else 'let go on'} {'the repository' if word.number is None else f'#{word.number}'}"
