"""Patience with what belongs to no run: what is tried again, when, and how one failure stops nothing else."""

from collections.abc import Awaitable, Callable

import structlog

from core.errors import AppRefused, BotError, NotInstalled, PermissionMissing

RETRY_SECONDS = 30
"""How long a delivery that could not be judged waits before the next look."""
LONGEST_RETRY_SECONDS = 3600
"""An answer that cannot be given is tried at ever longer intervals, up to this one."""

log = structlog.get_logger()


async def alone(act: Awaitable[None], failed: Callable[[str], Awaitable[None]]) -> None:
    """Do one thing of many: a mistake of ours in it is told to `failed`, and does not stop the others."""
    try:
        await act
    except BotError:
        raise  # not even the failure could be noted: the database is away, and the next bell finds everything here
    except Exception as error:  # the edge of a job: nobody foresaw this
        log.exception("intake.crashed")
        await failed(repr(error))


def may_pass(error: BotError) -> bool:
    """Whether it can succeed later: by itself, or once the operator has mended the App. Nothing is left unsaid.

    An installation that was taken away does not come back: it would be another one.
    """
    if isinstance(error, NotInstalled):
        return False
    return error.retryable or isinstance(error, AppRefused | PermissionMissing)


def pause(attempts: int) -> float:
    """The seconds before the next attempt, after so many that failed."""
    return min(RETRY_SECONDS * 2.0 ** min(attempts, 10), LONGEST_RETRY_SECONDS)
