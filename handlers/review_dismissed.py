"""A review is dismissed: the approval it gave is void."""

from core.facts import FactQuery, Facts
from core.github import ReviewState
from core.intents import Ignore, Intent, Signal
from core.runs import SignalKind
from handlers.events import ReviewDismissed

EVENT = ReviewDismissed


def needs(event: ReviewDismissed) -> FactQuery:
    return FactQuery(number=event.number, review=(event.number, event.review_id))


def plan(event: ReviewDismissed, facts: Facts) -> list[Intent]:
    run = facts.active
    if run is None:
        return [Ignore("no run is active here")]
    if facts.review is not None and facts.review.state is ReviewState.approved:
        return [Ignore("the review still approves")]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.void,
            key=f"review:{event.node_id}:dismissed",
            actor=event.sender.login,
            text=f"@{event.sender.login} dismissed the review",
            review_id=event.review_id,
        )
    ]
