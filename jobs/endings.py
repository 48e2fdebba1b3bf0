"""Endings: every run ends, and its end is said on GitHub.

The state and the effects that say it are written in one transaction. The effects are loose: they belong to no lease,
so whoever comes by finishes them if this worker dies now.
"""

from dataclasses import dataclass
from decimal import Decimal

import structlog

from adapters.store import dead_letters, effects, events, runs, signals, steps
from core import faults
from core.boards import Alarm
from core.effects import Act, AddReaction, EditComment, PostComment
from core.errors import BotError, NotInstalled, NotThere
from core.github import GitHub
from core.holds import Hold
from core.markers import marked
from core.names import RunId
from core.runs import NewEffect, NewSignal, Run, SignalKind, Waiting
from core.states import Trigger, WaitingFor, target
from handlers import replies
from jobs import alarms, checks, lines, parts, scope, status
from jobs.effects.comments import fitting
from jobs.heard import CALLS_OFF
from jobs.lease import Lease
from jobs.loose import perform_loose
from jobs.outcomes import End
from jobs.policy import in_force, read_policy
from jobs.run_effects import key_of
from jobs.services import Services
from jobs.work import Work
from policies.schema import Limits

GIVEN_UP = "given-up"
"""The code of a run that failed again and again at the same place."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a run ended, and what is said about it."""

    trigger: Trigger
    why: str
    code: str
    actor: str = "pullwright"
    comment: str | None = None
    reaction: str | None = None
    alarm: Alarm | None = None


async def finish(work: Work, end: End) -> None:
    """End a run that did what it could."""
    reaction = "+1" if end.trigger is Trigger.finish else None
    ended = _Ended(end.trigger, end.why, end.code, actor=end.actor, reaction=reaction)
    await _end(work.services, work.lease, ended)


async def fail(services: Services, lease: Lease, error: BotError) -> None:
    """End a run that failed for good, with one comment that says what happened and what to do."""
    said = replies.failed(error.code, str(error), error.remedy(), error.evidence)
    alarm = await _alarm(services, lease, error)
    ended = _Ended(Trigger.fail, str(error), error.code, comment=said, reaction="confused", alarm=alarm)
    await _end(services, lease, ended)


async def _alarm(services: Services, lease: Lease, error: BotError) -> Alarm | None:
    """What this failure tells everybody, beside those whom the run concerns."""
    if alarms.of_error(error, services.clock.now()) is None:
        return None
    async with services.store.read() as db:
        run = await runs.require(db, lease.run_id)
        head = checks.shipped_head(await steps.all_(db, run.id))
    return alarms.of_error(error, services.clock.now(), about=run.subject.number, head=head)


async def called_off(services: Services, lease: Lease) -> None:
    """End a run that somebody cancelled, or whose subject went away: what is so is asked of GitHub."""
    async with services.store.read() as db:
        run = await runs.require(db, lease.run_id)
        pending = await signals.pending(db, lease.run_id)
    signal = next(signal for signal in pending if signal.kind in CALLS_OFF)
    try:
        trigger, why = await _why_called_off(services.github.repository(run.repo), run, signal)
    except (NotInstalled, NotThere):
        trigger, why = Trigger.cancel, signal.text or f"closed by @{signal.actor}"  # not ours to look at any more
    said = None
    if signal.kind is SignalKind.take and trigger is Trigger.cancel and run.pull_number is not None:
        said = replies.taken(signal.actor, run.pull_number)
    await _end(services, lease, _Ended(trigger, why, signal.kind, actor=signal.actor, comment=said))


async def _why_called_off(github: GitHub, run: Run, signal: NewSignal) -> tuple[Trigger, str]:
    if run.pull_number is not None and (await github.pull(run.pull_number)).merged:
        # Also where it was cancelled too late: the merge was on its way already.
        by = f" by @{signal.actor}" if signal.kind is SignalKind.closed else ""
        return Trigger.finish, f"#{run.pull_number} was merged{by}"
    if run.parent_id is not None:
        return Trigger.cancel, signal.text
    if signal.kind is SignalKind.take:
        return Trigger.cancel, f"handed over to @{signal.actor}"
    if signal.kind is SignalKind.cancel:
        return Trigger.cancel, f"cancelled by @{signal.actor}" + (f": {signal.text}" if signal.text else "")
    return Trigger.cancel, signal.text or f"closed by @{signal.actor}"


async def _end(services: Services, lease: Lease, ended: _Ended) -> None:
    now = services.clock.now()
    async with services.store.read() as db:
        run = await runs.require(db, lease.run_id)
    said, cost = await _said(services, run, ended)
    beside = await parts.beside(services.store, run)
    lease.let_go()
    async with scope.ending(lease, run, beside) as db:
        for signal in await signals.pending(db, run.id):
            await signals.applied(db, run.id, lease.epoch, signal.key, "the run ended")
        await effects.abandon(db, run.id, "the run ended")
        for name, act in said:
            key = key_of(run.id, f"end:{name}")
            await effects.insert(db, NewEffect(key=key, run_id=None, repo=run.repo, act=act, at=now))
        if ended.alarm is not None:
            await alarms.tell(db, run.repo, ended.alarm, now)
        facts = {"state": target(ended.trigger), "code": ended.code, "why": ended.why, "cost_usd": str(cost)}
        await events.append(db, run.id, name="run.ended", actor=ended.actor, facts=facts, at=now)
        await runs.end(db, run.id, lease.epoch, ended.trigger, ended.why, ended.code or None, now)
        if _is_dead(run, ended):
            await dead_letters.add(db, run.id, ended.code, ended.why, now)
        told = [*await parts.tell_of_the_end(db, run, now), *await lines.move_up(db, run, now)]
        told += await scope.free(db, run, now)
    log.info("run.ended", how=ended.trigger.name, why=ended.why)
    faults.point("end.before_bells")
    await parts.ring_for(services, told)
    await perform_loose(services)
    await services.workspaces.remove(run.id)


def _is_dead(run: Run, ended: _Ended) -> bool:
    """Whether the failure stays behind while other work goes on: of an item of a `foreach`, or of a run given up."""
    item = run.part is not None and not run.part.whole
    return ended.trigger is Trigger.fail and (item or ended.code == GIVEN_UP)


async def _said(services: Services, run: Run, ended: _Ended) -> tuple[list[tuple[str, Act]], Decimal]:
    """What is to be said of the end, each under its name, and what the run cost. A part of a run says nothing."""
    limit = await _limit(services, run) if run.parent_id is None else Limits().run_cost_usd
    async with services.store.read() as db:
        memos = await steps.all_(db, run.id)
        shown = await effects.get(db, key_of(run.id, status.COMMENT))
        view = await status.view_of(db, run, memos, limit_usd=limit, ended=ended.trigger, why=ended.why)
    if run.parent_id is not None:
        return [], view.cost_usd
    said: list[tuple[str, Act]] = []
    comment = ended.comment
    if shown is not None and shown.receipt:
        body = marked(fitting(replies.status_comment(view)), shown.key)
        said.append(("status", EditComment(comment_id=shown.receipt["comment_id"], body=body)))
    elif comment is None and ended.trigger is not Trigger.finish:
        comment = replies.ended(target(ended.trigger), ended.why)
    # A run about the whole repository has nobody to tell, but on its pull request: the journal says how it ended.
    if comment is not None and (thread := run.pull_number or run.subject.number):
        said.append(("comment", PostComment(number=thread, body=comment)))
    if ended.reaction is not None and run.subject.number:
        said.append(("reaction", _reaction(run, ended.reaction)))
    if (check := checks.final_approval(run, memos, ended.trigger, ended.why)) is not None:
        said.append(("check", check))
    return said, view.cost_usd


async def show_outage(services: Services, run: Run, why: str) -> None:
    """Say in the run's status that it waits for something that does not answer."""
    await _show_pause(services, run, f"{why} It is tried again by itself.")


async def _show_pause(services: Services, run: Run, why: str) -> None:
    """Edit the run's status where it has one. Cosmetic: GitHub may be away itself."""
    async with services.store.read() as db:
        shown = await effects.get(db, key_of(run.id, status.COMMENT))
        memos = await steps.all_(db, run.id)
        away = Waiting(what=WaitingFor.time, why=why)
        view = await status.view_of(
            db, run, memos, limit_usd=Limits().run_cost_usd + float(run.extra_usd), waiting=away
        )
    if shown is None or not shown.receipt:
        return
    body = marked(fitting(services.redactor.text(replies.status_comment(view))), shown.key)
    try:
        await services.github.repository(run.repo).edit_comment(shown.receipt["comment_id"], body)
    except BotError as error:
        log.warning("status.failed", code=error.code, why=str(error))


async def show_hold(services: Services, run_id: RunId, hold: Hold) -> None:
    """Say in the run's status that somebody holds it: these are words, which a hold does not stop."""
    async with services.store.read() as db:
        run = await runs.require(db, run_id)
    await _show_pause(services, run, replies.held_back(hold))


async def _limit(services: Services, run: Run) -> float:
    """The run's price limit, for the last status; a policy that cannot be read now must not keep a run from ending."""
    try:
        github = services.github.repository(run.repo)
        repository = await github.repository()
        limits = in_force(await read_policy(services, run.repo, github, repository), repository).policy.limits
    except BotError:
        limits = Limits()
    return limits.run_cost_usd + float(run.extra_usd)


def _reaction(run: Run, content: str) -> AddReaction:
    return AddReaction.model_validate(
        {"number": run.subject.number, "comment_id": run.source_comment_id, "content": content}
    )
