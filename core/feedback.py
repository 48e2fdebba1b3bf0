"""Feedback: what people want to be different about a plan or a change that waits for them."""

from pydantic import Field

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


class Feedback(Value):
    """All that is taken up in one round."""

    remarks: tuple[Remark, ...] = Field(min_length=1)
    passed_over: tuple[str, ...] = ()
    """Who spoke in a thread, too, and may not choose what is changed."""
