"""Wait for checks: the repository's own CI on what was shipped, as GitHub's API tells of it.

The run is parked; a report wakes it, and so does the clock, since an event may be lost. What the event says is not
believed: the checks of the shipped commit are read anew at every look, and what they came to is kept, so that a crash
or a replay decides by the same reports.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.store import signals
from core.ci import Standing, Told, named, standing, told
from core.digests import digest
from core.errors import ChecksRed, ChecksTimedOut
from core.names import Sha
from core.runs import NewSignal, SignalKind, Waiting
from core.states import WaitingFor
from core.workflow import Step, Wait
from core.workflow.in_words import duration
from handlers.neutralise import line
from handlers.replies.words import plural
from jobs import status
from jobs.facts import SETTLING
from jobs.heard import hear
from jobs.memo import StepMemo
from jobs.outcomes import Done, Outcome, Park
from jobs.steps.release import as_it_lies
from jobs.steps.ship import Shipped
from jobs.steps.unmoved import closed, unmoved
from jobs.steps.wait import began_at
from jobs.work import Work

GRACE = timedelta(seconds=60)
"""In which checks announce themselves: without names, what is there earlier may not be all."""
LOOK_AGAIN = timedelta(minutes=5)
"""How often the checks are looked at although nothing was heard of them."""
FOLDED = timedelta(seconds=30)
"""For how long one look stands for all that is heard after it, while reports come in one after the other."""
MOST_NAMED = 20
"""Checks that are named to people; the others are counted."""
MOST_HANDED = 100


async def perform(step: Step, wait: Wait, work: Work) -> Outcome:
    """Done when every check that counts is done (and green, where that is asked for), or none came.

    Raises ChecksRed, ChecksTimedOut, and what a gate raises where somebody pushed to the branch.
    """
    shipped = await as_it_lies(work, Shipped.of(work, "commit with checks to wait for"))
    heard = list[datetime]()

    async def seen(signal: NewSignal) -> str:
        heard.append(signal.at)
        return "seen"

    if end := await hear(work, None, {SignalKind.checks_done: seen}, about="run"):
        return end
    waits = work.run.waiting if work.run.waiting is not None and work.run.waiting.what is WaitingFor.checks else None
    if goes_on := folded(waits, heard, work.services.clock.now()):
        return Park(goes_on)
    if waits is not None and waits.heard_at is not None:
        heard.append(waits.heard_at)
    pull = await work.github.pull(shipped.number)
    if end := closed(pull):
        return end
    unmoved(work, shipped, pull)
    if shipped.head == shipped.held:
        return Done(_output(shipped.head, (), (), ()), "CI is held back until the change is approved")
    return await settled_on(step, wait, work, shipped, heard)


async def reports(work: Work) -> list[datetime]:
    """When checks were reported that nobody has looked at yet."""
    async with work.services.store.read() as db:
        return [signal.at for signal in await signals.pending(db, work.run.id) if signal.kind is SignalKind.checks_done]


async def settled_on(
    step: Step,
    wait: Wait,
    work: Work,
    shipped: Shipped,
    heard: Sequence[datetime],
    began: datetime | None = None,
    *,
    which: str = "",
) -> Done | Park:
    """What the checks of this commit came to, or the wait for them. Raises as `perform`.

    The time that it may take `began` then; without that, when the step first asked. `which` tells one wait of a step
    from its others.
    """
    key = f"{work.attempt(step)}{which}"
    if began is None:
        began = await began_at(work, key, step.id)
    memo, asked = StepMemo(work, checkpointed=None), digest("checks", shipped.head, wait.model_dump(mode="json"))
    if (kept := await memo.recall(f"{key}/told", asked)) is None:
        checks, now = await _told(wait, work, shipped.head), work.services.clock.now()
        if not settled(wait, checks, began, now):
            return await park(step, wait, work, checks, now, next_look(wait, began, heard, now))
        kept = [one.model_dump(mode="json") for one in checks]
        await memo.keep(f"{key}/told", asked, kept)
    return _came_to(step, wait, shipped.head, tuple(Told.model_validate(one) for one in kept))


async def _told(wait: Wait, work: Work, head: Sha) -> tuple[Told, ...]:
    """The checks that count, as they stand now."""
    found = told(await work.github.check_runs(head), await work.github.statuses(head), ours=(await work.app()).id)
    return named(found, wait.names)


def settled(wait: Wait, checks: Sequence[Told], began: datetime, now: datetime) -> bool:
    if now - began >= timedelta(seconds=wait.timeout):
        return True
    if standing(checks) is Standing.pending:
        return False
    return bool(wait.names) or now - began >= GRACE


def folded(waits: Waiting | None, heard: Sequence[datetime], now: datetime) -> Waiting | None:
    """How the run goes on waiting without a look, where many reports come at once: until they have stopped for a while.

    None where it is time to look. A matrix of two hundred jobs reports within seconds, and one look tells of all.
    """
    if waits is None or waits.looked_at is None or not heard:
        return None
    alone = waits.heard_at is None and now - waits.looked_at >= SETTLING
    look = min(max(heard) + SETTLING, waits.looked_at + FOLDED)
    return None if alone or look <= now else waits.model_copy(update={"not_before": look, "heard_at": max(heard)})


def next_look(wait: Wait, began: datetime, heard: Sequence[datetime], now: datetime) -> datetime:
    """When to look at the latest. The API may lag behind the event that it told of."""
    looks = [now + LOOK_AGAIN, began + timedelta(seconds=wait.timeout)]
    looks += [began + GRACE] if now - began < GRACE else []
    looks += [max(heard) + SETTLING] if heard and max(heard) + SETTLING > now else []
    return min(looks)


async def park(step: Step, wait: Wait, work: Work, checks: Sequence[Told], now: datetime, look: datetime) -> Park:
    pending = [one for one in checks if one.standing is Standing.pending]
    what = f"for {names(pending)}" if pending else "to see which checks come"
    why = f"`{step.id}` waits {what}, at most {duration(wait.timeout)}."
    waiting = Waiting(what=WaitingFor.checks, why=why, not_before=look, looked_at=now)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


def _came_to(step: Step, wait: Wait, head: Sha, checks: Sequence[Told]) -> Done:
    """The outcome that the checks stand for; a pending one among them means that the time is over."""
    red, pending = ([one for one in checks if one.standing is which] for which in (Standing.red, Standing.pending))
    output = _output(head, checks, red, pending)
    if pending:
        raise ChecksTimedOut(
            f"`{step.id}` waited {duration(wait.timeout)} for {names(pending)} on {head[:12]}.",
            evidence=_listed(pending),
            handed=output,
        )
    if not checks:
        return Done(output, f"no check came on {head[:12]} within {GRACE.seconds} seconds")
    if red and wait.checks == "green":
        raise ChecksRed(f"{names(red)} {are(red)} red on {head[:12]}.", evidence=_listed(red), handed=output)
    return Done(output, f"{names(red)} {are(red)} red" if red else f"{plural(len(checks), 'check')} green")


def _output(head: Sha, checks: Sequence[Told], red: Sequence[Told], pending: Sequence[Told]) -> Mapping[str, Any]:
    """What is handed over. `conclusion` is `success`, `failure`, `timed-out`, or `none` where no check came."""
    conclusion = "timed-out" if pending else "failure" if red else "success" if checks else "none"
    return {
        "conclusion": conclusion,
        "head": head,
        "checks": [one.name for one in checks[:MOST_HANDED]],
        "failing": [{"name": one.name, "url": one.url} for one in red[:MOST_HANDED]],
        "pending": [one.name for one in pending[:MOST_HANDED]],
    }


def names(checks: Sequence[Told]) -> str:
    """Names for one sentence. They are the words of others."""
    shown = [f"`{line(one.name, 60).replace('`', '')}`" for one in checks[:MOST_NAMED]]
    more = [f"{len(checks) - MOST_NAMED} more"] if len(checks) > MOST_NAMED else []
    return ", ".join([*shown, *more])


def are(checks: Sequence[Told]) -> str:
    return "is" if len(checks) == 1 else "are"


def _listed(checks: Sequence[Told]) -> str:
    return "\n".join(f"{line(one.name, 200)} {one.url[:500]}".rstrip() for one in checks[:MOST_HANDED])
