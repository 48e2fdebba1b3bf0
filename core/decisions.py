"""What was decided last, and what was passed by, kept so that people can ask why."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.names import Value


class About(StrEnum):
    run = "run"
    """What policy says of the content of a run: its plan, its change, its merge."""
    word = "word"
    """What became of the last thing that somebody said or did there."""


class PassedBy(Value):
    """Something that happened there and brought nothing about."""

    event: str
    """GitHub's name of it."""
    at: datetime
    why: str


class Decision(Value):
    number: int
    about: About
    at: datetime
    tree: Mapping[str, Any]
    """A `policies.result.Result` as JSON."""
