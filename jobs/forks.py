"""Runs about a pull request from a fork end when its head is another one than they were let run with."""

from core.states import Trigger
from handlers import replies
from jobs.outcomes import End
from jobs.work import Work

MOVED = "head-moved"
"""The code of a run that ended because somebody pushed to the fork."""


async def head_moved(work: Work) -> End | None:
    """The end of a run about a fork whose head is not the one it may work with, as GitHub says now; else None.

    Asked before every step: the event that tells of a push may be late, or never come.
    """
    may = work.run.snapshot.head
    if not work.run.snapshot.fork or may is None:
        return None
    now = (await work.github.pull(work.number)).head_sha
    return None if now == may else End(Trigger.cancel, replies.head_moved(may, now), code=MOVED)
