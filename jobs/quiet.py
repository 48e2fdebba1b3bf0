"""Quiet hours: no agent begins, nothing is shipped and nothing merged until they are over."""

from core.runs import Waiting
from core.states import WaitingFor
from core.workflow import Agent, Merge, Ship, Step
from handlers import replies
from jobs import status
from jobs.heard import hear
from jobs.outcomes import End, Park
from jobs.work import Work
from policies.quiet import quiet_until

RESTING = (Agent, Merge, Ship)
"""Steps that begin nothing in quiet hours. They read the policy anyway; what is at work already goes on to its end."""
RESTING_BY_NAME = frozenset({"triage", "research"})


async def resting(work: Work, step: Step) -> Park | End | None:
    """None where the step may begin now; else the run waits, with the time at which it goes on.

    What people said is heard before: that the run should end is not put off.
    """
    if not (isinstance(step.action, RESTING) or (isinstance(step.action, str) and step.action in RESTING_BY_NAME)):
        return None
    until = quiet_until((await work.policy()).policy.quiet_hours, work.services.clock.now())
    if until is None:
        return None
    if end := await hear(work, None, {}, about="run"):
        return end
    waiting = Waiting(what=WaitingFor.time, why=replies.quiet(until), not_before=until)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)
