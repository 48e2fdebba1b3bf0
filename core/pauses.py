"""Pauses: GitHub asks one of our callers to be silent until a time, and all of our processes keep to it."""

from datetime import datetime
from typing import Protocol

from core.names import Value


class Pause(Value):
    caller: str
    """Whose requests GitHub counts together: `app`, or `installation:<id>`."""
    until: datetime
    why: str


class Pauses(Protocol):
    """Where pauses are known to every process."""

    async def running(self, caller: str, now: datetime) -> Pause | None:
        """The caller's pause, where it is not over."""
        ...

    async def record(self, pause: Pause) -> None:
        """Keep the pause; of two the longer one counts."""
        ...


class OwnPauses:
    """Pauses of one process alone, for tools that share no store with the service."""

    def __init__(self) -> None:
        self._pauses: dict[str, Pause] = {}

    async def running(self, caller: str, now: datetime) -> Pause | None:
        pause = self._pauses.get(caller)
        return pause if pause is not None and pause.until > now else None

    async def record(self, pause: Pause) -> None:
        known = self._pauses.get(pause.caller)
        if known is None or known.until < pause.until:
            self._pauses[pause.caller] = pause
