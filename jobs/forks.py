"""Runs about a pull request from a fork end when its head or its base is another one than they were let run with."""

from core.states import Trigger
from handlers import replies
from jobs.outcomes import End
from jobs.work import Work

MOVED = "head-moved"
"""The code of a run that ended because somebody pushed to the fork."""
RETARGETED = "base-changed"
"""The code of a run that ended because its pull request is to be merged into another branch."""


async def moved(work: Work) -> End | None:
    """The end of a run about a fork whose head or base is not the one it may work with, as GitHub says now; else None.

    Asked before every step: the event that tells of it may be late, or never come.
    """
    may = work.run.snapshot.head
    if not work.run.snapshot.fork or may is None:
        return None
    pull = await work.github.pull(work.number)
    if pull.head_sha != may:
        return End(Trigger.cancel, replies.head_moved(may, pull.head_sha), code=MOVED)
    if pull.base_ref != work.run.base_ref:
        return End(Trigger.cancel, replies.retargeted(work.run.base_ref, pull.base_ref), code=RETARGETED)
    return None
