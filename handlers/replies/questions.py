"""What is said about a question of a workflow: the question itself, and why an answer does not count."""

from handlers.neutralise import quoted
from handlers.replies.words import block

QUESTION_LIMIT = 10_000
"""Characters of a question that are shown."""

_HOW = "`/answer` followed by your answer, on the same line"


def question(person: str, workflow: str, text: str) -> str:
    """One new comment that asks the one person it names. The text may hold words of anybody."""
    return block(
        f"@{person}, the workflow `{workflow}` asks you:",
        quoted(text, QUESTION_LIMIT),
        f"To answer, comment {_HOW}. To stop, comment `/reject` with a reason.",
    )


def answer_is_empty() -> str:
    return f"That answer is empty. Comment {_HOW}."


def answer_in_comment() -> str:
    """A review says it, whose words can be changed without a trace."""
    return f"A review does not answer: comment {_HOW}."


def answered_before_asked() -> str:
    return f"That was written before the question was asked. If it still holds, comment {_HOW}."


def answer_changed(actor: str) -> str:
    """The comment is gone, or does not read any more as it did when it was written."""
    return (
        f"The answer of @{actor} does not count: its comment was edited or deleted before it was read. "
        f"In a new comment, write {_HOW}."
    )


def answered_by(person: str) -> str:
    """Somebody was quicker."""
    return f"This question was already answered: the run continues with what @{person} said."


def not_asked_now(what: str) -> str:
    """Somebody approved or answered while the run asked for no such thing. `what` comes with its article."""
    return f"The run is not asking for {what} at the moment, so this one does not count. Wait until it asks."
