"""A comment is deleted: whatever it granted is void."""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Signal
from core.runs import SignalKind
from handlers.commands import might_command
from handlers.events import CommentDeleted

EVENT = CommentDeleted


def needs(event: CommentDeleted) -> FactQuery | Ignore:
    if not might_command(event.body):
        return Ignore("the comment held no command, so it granted nothing")
    return FactQuery(number=event.number, comment_id=event.comment_id, gone=True)


def plan(event: CommentDeleted, facts: Facts) -> list[Intent]:
    run = facts.active
    if run is None:
        return [Ignore("the comment granted nothing to a run at work here")]
    if facts.comment is not None:
        return [Ignore("the comment is still there")]
    return [
        Signal(
            run_id=run.id,
            kind=SignalKind.void,
            key=f"comment:{event.node_id}:deleted",
            actor=event.sender.login,
            text=f"@{event.sender.login} deleted the comment",
            comment_id=event.comment_id,
        )
    ]
