"""Red CI at a gate: the repository's own checks are red on what waits there, and the run goes back to mend it.

A report only says when to look: the checks are read from GitHub, and those count that are not red on the base too. A
round voids what people approved before it, since the next gate asks anew; and after a few without a word of theirs the
run waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.store import signals
from core.ci import Standing, Told, asks_for_sign_off, newly_red, told
from core.digests import digest, short
from core.feedback import Feedback
from core.github import CheckRun, CommitStatus
from core.names import Digest
from core.runs import NewSignal, SignalKind, Waiting
from core.states import WaitingFor
from core.workflow import Step, Wait
from core.workflow.rounds import MOST_IN_A_ROW, MOST_ROUNDS, SENT_BACK, base_of, in_round, round_of
from handlers import replies
from jobs import red_checks, status
from jobs.facts import SETTLING
from jobs.heard import Judge, seen
from jobs.outcomes import Done, Park
from jobs.steps import wait_checks
from jobs.steps.ship import Shipped
from jobs.steps.wait import began_at
from jobs.work import Work

AWAITED = Wait(checks="green")
"""What is waited for once people approved a change that starts CI."""
PATIENCE = timedelta(minutes=10)
"""How long a red check waits for those that are not done yet: one round is for all of them."""
LOOK_AGAIN = timedelta(minutes=1)
"""How often checks are looked at meanwhile."""


@dataclass
class Reports:
    """When red checks were reported that nobody has looked into yet."""

    at: list[datetime] = field(default_factory=list)

    @property
    def judges(self) -> Mapping[SignalKind, Judge]:
        async def hear(signal: NewSignal) -> str:
            self.at.append(signal.at)
            return "seen"

        return {SignalKind.checks_done: hear}


@dataclass(frozen=True, slots=True)
class _Found:
    """The checks of the head as they stand now."""

    runs: Sequence[CheckRun]
    statuses: Sequence[CommitStatus]
    checks: Sequence[Told]
    red: Sequence[Told]
    """Those that are not red on the base."""


async def folded(work: Work) -> Park | None:
    """The wait goes on as it is, where nothing was heard but checks that it will look at soon: many report at once."""
    waits, now = work.run.waiting, work.services.clock.now()
    async with work.services.store.read() as db:
        pending = await signals.pending(db, work.run.id)
    if waits is None or not pending or any(one.kind is not SignalKind.checks_done for one in pending):
        return None
    goes_on: Waiting | None = None
    if waits.what is WaitingFor.checks and not waits.hears_red:
        goes_on = wait_checks.folded(waits, [one.at for one in pending], now)
    elif waits.hears_red and waits.heard_at is not None and waits.not_before is not None and now < waits.not_before:
        goes_on = waits
    if goes_on is None:
        return None
    for one in pending:
        await seen(work, one)
    return Park(goes_on)


async def while_waiting(step: Step, work: Work, shipped: Shipped, reports: Reports, park: Park) -> Done | Park:
    """What a gate does that waits for people, or for what a rule asks: it goes back where CI is red, or hears of it."""
    waits, now = work.run.waiting, work.services.clock.now()
    look: datetime | None
    if reports.at:
        look = max(reports.at) + SETTLING  # the API may lag behind its own event
    elif waits is None or not waits.hears_red:
        look = now + wait_checks.GRACE if shipped.awaits_ci and shipped.head != shipped.held else None
    else:
        look = waits.not_before if waits.heard_at is not None else None
    if look is not None and look <= now:
        found = await _found(work, shipped)
        if not found.red:
            look = None
        elif await _more_may_come(step, work, found, now):
            look = now + LOOK_AGAIN
        elif (back := await _going_back(step, work, shipped, found)) is not None:
            return back
        else:
            await _say(step, work, shipped, found)
            look = None
    return _hearing(park, look, now)


async def before_opening(step: Step, work: Work, shipped: Shipped, reports: Reports) -> Done | Park | None:
    """What an approved gate does before it opens: it waits for the CI that the change starts, and goes back where that
    is red. None: it opens.
    """
    if not (shipped.awaits_ci or reports.at or await _was_red(step, work)):
        return None
    waits, now, began = work.run.waiting, work.services.clock.now(), await began_to_wait(step, work, shipped)
    found = await _found(work, shipped)
    if shipped.awaits_ci and not wait_checks.settled(AWAITED, found.checks, began, now):
        heard = [*reports.at, *([waits.heard_at] if waits is not None and waits.heard_at is not None else [])]
        look = wait_checks.next_look(AWAITED, began, heard, now)
        return await wait_checks.park(step, AWAITED, work, found.checks, now, look)
    if not found.red:
        return None
    if (back := await _going_back(step, work, shipped, found)) is not None:
        return back
    await _say(step, work, shipped, found)
    helps = "no round mends that" if asks_for_sign_off(found.red) else f"{MOST_IN_A_ROW} rounds did not help"
    why = f"{wait_checks.names(found.red)} {wait_checks.are(found.red)} red, and {helps}."
    waiting = Waiting(what=WaitingFor.approval, why=why, person=work.run.requester, binds="change")
    await status.show(work, current=step.id, waiting=waiting)
    return _hearing(Park(waiting), now + wait_checks.LOOK_AGAIN, now)


async def began_to_wait(step: Step, work: Work, shipped: Shipped) -> datetime:
    """When this gate began to wait for the CI of this head."""
    return await began_at(work, f"{step.id}/ci:{short(Digest(shipped.head))}", step.id)


async def _found(work: Work, shipped: Shipped) -> _Found:
    ours, github = (await work.app()).id, work.github
    runs, statuses = await github.check_runs(shipped.head), await github.statuses(shipped.head)
    checks = told(runs, statuses, ours=ours)
    red = [one for one in checks if one.standing is Standing.red]
    if red:
        base = work.run.base_sha
        red = newly_red(red, told(await github.check_runs(base), await github.statuses(base), ours=ours))
    return _Found(runs, statuses, checks, red)


async def _more_may_come(step: Step, work: Work, found: _Found, now: datetime) -> bool:
    """Whether other checks are not done, and were waited for long enough since the first red one was seen."""
    since = await began_at(work, f"{step.id}/red", step.id)
    return now - since < PATIENCE and any(one.standing is Standing.pending for one in found.checks)


async def _was_red(step: Step, work: Work) -> bool:
    """Whether a red check was seen at this gate, whatever it is now."""
    return await work.memo(f"{step.id}/red/began", digest("wait", step.id)) is not None


async def _going_back(step: Step, work: Work, shipped: Shipped, found: _Found) -> Done | None:
    """The outcome that sends the run back with what the red checks say; None where it went back often enough."""
    if asks_for_sign_off(found.red):
        return None
    if step.gate is None or round_of(step.id) >= MOST_ROUNDS or _in_a_row(step, work) >= MOST_IN_A_ROW:
        return None
    red = await red_checks.told_by(work, found.red, found.runs, found.statuses)
    feedback = Feedback(red=red).model_dump(mode="json")
    why = f"{wait_checks.names(found.red)} {wait_checks.are(found.red)} red: back to `{step.gate.revise}`"
    return Done({SENT_BACK: round_of(step.id) + 1, "head": shipped.head, "feedback": feedback}, why)


def _in_a_row(step: Step, work: Work) -> int:
    """How many rounds of this gate, up to this one, came one after the other because checks were red."""
    count = 0
    for number in range(round_of(step.id) - 1, 0, -1):
        came = work.outputs[in_round(base_of(step.id), number)]
        if not (came.get("feedback") or {}).get("red"):
            break
        count += 1
    return count


async def _say(step: Step, work: Work, shipped: Shipped, found: _Found) -> None:
    """Tell people, once at a gate, that it is theirs now. Kept as well, so that the gate looks before it opens."""
    await began_at(work, f"{step.id}/red", step.id)
    names = [one.name for one in found.red]
    person = work.run.requester
    only_signs = asks_for_sign_off(found.red)
    body = replies.sign_off_wanted(person, names) if only_signs else replies.ci_stays_red(person, names, MOST_IN_A_ROW)
    await work.say(f"ci-red:{step.id}", body, number=shipped.number)


def _hearing(park: Park, look: datetime | None, now: datetime) -> Park:
    """The wait, with checks looked at again at `look`, and whenever one is reported to be red."""
    times = [at for at in (park.waiting.not_before, look) if at is not None]
    update = {"hears_red": True, "not_before": min(times, default=None), "heard_at": now if look is not None else None}
    return Park(park.waiting.model_copy(update=update))
