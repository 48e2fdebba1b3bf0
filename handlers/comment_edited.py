"""A comment is edited: nothing in it runs, and whatever it granted is void."""

from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Say, Signal
from core.runs import SignalKind
from handlers import replies
from handlers.authors import ignored_comment
from handlers.commands import Command, Refusal, might_command, parse
from handlers.events import CommentEdited
from handlers.listening import verbs

EVENT = CommentEdited


def needs(event: CommentEdited) -> FactQuery | Ignore:
    if not might_command(event.body) and not might_command(event.previous):
        return Ignore("neither the old words nor the new ones hold a command")
    return FactQuery(number=event.number, comment_id=event.comment_id, workflows=True)


def plan(event: CommentEdited, facts: Facts) -> list[Intent]:
    before, after = _commands(event.previous, facts), _commands(event.body, facts)
    if before == after == ():
        return [Ignore("neither the old words nor the new ones hold a command")]
    if facts.comment is not None and (why := ignored_comment(facts.comment, facts.app)):
        return [why]
    intents: list[Intent] = []
    if before and (run := facts.active) is not None:
        intents.append(
            Signal(
                run_id=run.id,
                kind=SignalKind.void,
                key=f"comment:{event.node_id}:edited:{event.updated_at.isoformat()}",
                actor=event.sender.login,
                text=f"@{event.sender.login} edited the comment",
                comment_id=event.comment_id,
            )
        )
    if after and after != before:
        key = f"comment:{event.node_id}:edited:answer"
        intents.append(Say(event.number, replies.edits_never_run(changed=True), key))
    return intents or [Ignore("no run is at work here")]


def _commands(body: str, facts: Facts) -> tuple[Command, ...] | Refusal:
    return parse(body, slug=facts.app.slug, verbs=verbs(facts.workflows))
