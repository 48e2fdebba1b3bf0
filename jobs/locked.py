"""Locked conversations: a run that must say something there waits, quietly, until it can.

What is only an answer is left unsaid instead, and the journal says so (`Work.say`). People with write access can still
comment, and are heard.
"""

from datetime import timedelta

from core.errors import ConversationLocked
from core.runs import Waiting
from core.states import WaitingFor
from jobs.heard import hear
from jobs.outcomes import End, Park
from jobs.work import Work

LOOK_AGAIN = timedelta(hours=6)
"""GitHub tells when a conversation is unlocked. This is for where that was lost."""


async def wait_until_unlocked(work: Work, locked: ConversationLocked) -> Park | End:
    """Wait for what tells of the unlocking, or for a while. An End where somebody rejected the run meanwhile.

    What came in is heard before the run is parked: it would keep it from ever being parked.
    """
    if end := await hear(work, None, {}, about="run"):
        return end
    why = "The conversation is locked, so that nothing can be said there."
    await work.journal("conversation.locked", {"why": str(locked)})
    return Park(Waiting(what=WaitingFor.time, why=why, not_before=work.services.clock.now() + LOOK_AGAIN))
