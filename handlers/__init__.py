"""What an event means: `needs()` says which facts to fetch, `plan()` says what to do. Nothing here does I/O.

Of most comments `needs()` can tell by their words alone that they mean nothing; then GitHub is asked nothing.

The registry is explicit and in the order in which the story goes; one event has one handler.
"""

from typing import Protocol, cast

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent
from handlers import (
    branch_pushed,
    check_failed,
    check_requested,
    check_rerequested,
    checks_reported,
    comment_created,
    comment_deleted,
    comment_edited,
    conversation_unlocked,
    dispatch_called,
    group_formed,
    hook_called,
    issue_closed,
    issue_labeled,
    issue_opened,
    issue_unlabeled,
    line_commented,
    pull_closed,
    pull_labeled,
    pull_offered,
    pull_pushed,
    repository_changed,
    review_dismissed,
    review_submitted,
    run_ordered,
    time_came,
)
from handlers.event import Event


class Handler(Protocol):
    EVENT: type[Event]

    def needs(self, event: Event) -> FactQuery | Ignore: ...

    def plan(self, event: Event, facts: Facts) -> list[Intent]: ...


# Each module takes its own event; that it gets no other is what the lookup by type is for.
HANDLERS: tuple[Handler, ...] = cast(
    "tuple[Handler, ...]",
    (
        issue_opened,
        issue_labeled,
        issue_unlabeled,
        issue_closed,
        conversation_unlocked,
        comment_created,
        comment_edited,
        comment_deleted,
        review_submitted,
        review_dismissed,
        line_commented,
        pull_offered,
        pull_labeled,
        pull_pushed,
        pull_closed,
        check_requested,
        check_rerequested,
        checks_reported,
        group_formed,
        branch_pushed,
        check_failed,
        dispatch_called,
        repository_changed,
        hook_called,
        time_came,
        run_ordered,
    ),
)


def handler_of(event: Event) -> Handler | None:
    """The handler of this event, or None where nothing listens to it."""
    return next((handler for handler in HANDLERS if handler.EVENT is type(event)), None)
