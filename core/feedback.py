"""Feedback: what is to be different about a plan or a change that waits at a gate."""

from typing import Self

from pydantic import model_validator

from core.names import Value


class Remark(Value):
    """What one person said, with the place in the change that it is about, where it is about one."""

    author: str
    text: str
    path: str | None = None
    line: int | None = None
    """In the head that the person looked at; None where that line is gone since."""
    thread: int | None = None
    """The comment that begins the review thread it stands in: where it is answered."""


class RedCheck(Value):
    """A check of the repository's own that is red on what was shipped: the words of others, cut to size."""

    name: str
    said: str
    """What its App says of it: title, summary and annotations."""
    log: str | None = None
    """The end of what it printed, as far as that can be read."""


class Conflict(Value):
    """The base changed the same lines as the change: both stand in the tree, between markers."""

    base: str
    """The name of the base branch."""
    paths: tuple[str, ...]
    """Where."""


class Feedback(Value):
    """All that is taken up in one round: what people said, which checks are red, or what the base changed too."""

    remarks: tuple[Remark, ...] = ()
    passed_over: tuple[str, ...] = ()
    """Who spoke in a thread, too, and may not choose what is changed."""
    red: tuple[RedCheck, ...] = ()
    conflict: Conflict | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.remarks and not self.red and self.conflict is None:
            raise ValueError("feedback without anything to take up")
        return self
