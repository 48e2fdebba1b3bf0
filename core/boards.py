"""Boards: the one pinned issue of a repository that lists what waits for people there, and what goes wrong there."""

from datetime import datetime
from enum import StrEnum

from core.names import Digest, Sha, Value


class Ask(Value):
    """Somebody asked for the board, in a thread that waits for an answer."""

    key: str
    number: int
    """The thread."""
    by: str
    at: datetime


class Board(Value):
    """What is known of a repository's board."""

    repo_id: int
    generation: int
    """Which issue it is: one that was deleted is followed by another."""
    number: int | None
    """The issue; None until it is made."""
    shown: Digest | None
    """What stands in it, as far as we know; None: look."""
    asks: tuple[Ask, ...]
    failures: int
    """Times in a row that it could not be brought up to date."""

    @property
    def key(self) -> str:
        """Of the effect that makes the issue, and with it of the hidden marker in the issue."""
        return f"board:{self.repo_id}:{self.generation}"


class AlarmKind(StrEnum):
    policy = "policy"
    """The policy cannot be read: nothing runs."""
    loop = "loop"
    """Runs about one subject begin too often: no more begin for a while."""
    permission = "permission"
    """The App lacks a permission for what it tried."""


class Alarm(Value):
    """Something that people should see to, told once, however often it shows."""

    kind: AlarmKind
    about: int = 0
    """The issue or pull request; 0: the repository."""
    why: str
    head: Sha | None = None
    """The head of a pull request that carries it as well."""
    since: datetime
    until: datetime | None = None
    """When it is over by itself; None: once it is found to be over."""
