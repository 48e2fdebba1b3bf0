"""Whether an approval still is what the person says who gave it: whose words those are now, and what they said since.

An account keeps its number for ever. Its name may be changed, and be taken by somebody else after that.
"""

from collections.abc import Iterable
from datetime import datetime

from core.github import Account, Review, ReviewState
from core.runs import Approval


def another_account(approval: Approval, author: Account) -> str | None:
    """Why these words, by this author, are not those of whoever approved; None where they are.

    Somebody with a new name approves anew: the role that was looked up is that of the old name, whoever has it now.
    """
    if approval.actor_id is not None and author.id != approval.actor_id:
        return "it is by another account"
    return None if author.login == approval.actor else "its author has another name now"


def wants_changes(approval: Approval, said_at: datetime, reviews: Iterable[Review]) -> bool:
    """Whether whoever gave this approval asked for changes in a review since.

    `said_at` is when they gave it in a comment or a box; of two reviews the later one has the higher number. Of a
    ticked box GitHub tells no more than the name of who ticked it.
    """
    for review in reviews:
        theirs = (
            review.author.login == approval.actor
            if approval.actor_id is None
            else review.author.id == approval.actor_id
        )
        later = review.id > approval.review_id if approval.review_id is not None else _after(review, said_at)
        if theirs and later and review.state is ReviewState.changes_requested:
            return True
    return False


def _after(review: Review, at: datetime) -> bool:
    return review.submitted_at is not None and review.submitted_at > at
