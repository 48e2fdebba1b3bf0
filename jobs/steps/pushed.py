"""Somebody pushed to the run's branch: the run stops there, asks them whose it is now, and writes over nothing."""

from adapters.store import signals
from core.digests import short
from core.errors import NotShownYet
from core.names import Digest, Sha
from core.runs import SignalKind, Waiting
from core.states import WaitingFor
from core.workflow import Step
from handlers import replies
from jobs import checks, status
from jobs.heard import hear
from jobs.outcomes import End, Park
from jobs.steps.ship import Shipped
from jobs.steps.unmoved import closed
from jobs.work import Work


async def asks(step: Step, work: Work, shipped: Shipped) -> End | Park:
    """The wait for somebody to take the branch or to end the run; it goes on where the branch is back as it was.

    One comment for each commit that is pushed. Nothing that was approved covers it, and its check says so.
    """
    if end := await hear(work, None, {}, about="change"):
        return end
    pull = await work.github.pull(shipped.number)
    if end := closed(pull):
        return end
    if pull.head_sha in {shipped.head, shipped.final}:
        raise NotShownYet(f"`{shipped.branch}` is at {pull.head_sha[:12]}, and GitHub said that it is not.")
    person, requester = await _who(work, pull.head_sha), work.run.requester
    why = f"{f'@{person}' if person else 'Somebody'} pushed to `{shipped.branch}`; what is there was not approved."
    await checks.put_approval(work, pull.head_sha, None, None, why)
    name = f"pushed:{step.id}:{short(Digest(pull.head_sha))}"
    body = replies.pushed_over(person, requester, shipped.branch, pull.head_sha)
    await work.say(name, body, number=shipped.number)
    waiting = Waiting(what=WaitingFor.approval, why=why, person=person or requester, binds="change")
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def _who(work: Work, head: Sha) -> str | None:
    """Who pushed this commit, as GitHub told; None where it has not told yet. Nothing is allowed to them for it."""
    async with work.services.store.read() as db:
        heard = await signals.of_run(db, work.run.id)
    pushes = [one.actor for one in heard if one.kind is SignalKind.pushed and head[:12] in one.text]
    return pushes[-1] if pushes else None
