"""What stops a worker in the middle of a run. Nothing may swallow it: each is a `BaseException`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.holds import Hold  # what parses is not imported where only a version is told


class LeaseLost(BaseException):
    """Another worker holds the run now: stop at once and write nothing more."""


class Cancelled(BaseException):
    """The run was cancelled while it worked."""


class Drained(BaseException):
    """The worker was told to stop: park at this turn and give the lease back."""


class Held(Drained):
    """Somebody holds this work: give the lease back, and begin nothing outside. Its text is the reason."""

    def __init__(self, hold: "Hold") -> None:
        super().__init__(hold.reason)
        self.hold = hold
