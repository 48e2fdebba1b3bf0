"""What people are told who take something back that the bot did."""

from collections.abc import Sequence

from core.runs import Run
from handlers.neutralise import code


def undo_when_over(run: Run) -> str:
    return f"Run `{run.id}` is at work here: `/cancel` stops it, and then `/undo` takes back what it did last."


def nothing_to_undo() -> str:
    return "There is nothing of mine here to take back: no label, no comment of a run, no merge."


def labels_undone(labels: Sequence[str]) -> str:
    named = ", ".join(code(label) for label in labels)
    return f"Undone: I am removing {named}, which I added."


def comment_undone(person: str) -> str:
    """What stands in place of a comment that was taken back."""
    return f"*Taken back by @{person} with `/undo`.*"


def undid_comment(url: str) -> str:
    return f"Undone: I withdraw what I said in {url}."


def undoing_merge(number: int) -> str:
    return f"I merged #{number}: `revert` begins now, and opens a pull request that takes it back."
