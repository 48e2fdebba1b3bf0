"""Time and fresh identifiers are passed in, never taken from the air."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from core.names import RunId


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


class Ids(Protocol):
    def run(self) -> RunId:
        """A run id that was never used before."""
        ...


class FixedClock:
    """A clock that stands still until it is moved: for tests and dry runs."""

    def __init__(self, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
