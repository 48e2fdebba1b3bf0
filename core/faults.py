"""Named places between an intent and its outcome, where a test can end the process.

A point does nothing unless a fault was armed for its name; nothing in the product arms one.
"""

from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}


def point(name: str) -> None:
    """A place where a crash must change nothing that people see."""
    if strike := _armed.get(name):
        strike()


def arm(name: str, strike: Callable[[], None]) -> None:
    _armed[name] = strike


def disarm() -> None:
    _armed.clear()
