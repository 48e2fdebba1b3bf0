"""A comment is edited: nothing in it runs, and whatever it granted is void. A box ticked in a comment of ours is heard.

Of a tick the payload says only where to look. What stands there now, and which account edited it, is read from GitHub's
API; that account is the actor, and the run looks up its role when it hears the tick.
"""

from core.digests import matches
from core.facts import FactQuery, Facts
from core.intents import Ignore, Intent, Say, Signal
from core.names import Role
from core.runs import Run, SignalKind
from core.states import WaitingFor
from handlers import replies
from handlers.asked.order import refusal_key
from handlers.authors import ignored_comment
from handlers.boxes import Tick, might_tick, only_ticked, ticked, unheard
from handlers.commands import Command, Refusal, might_command, parse
from handlers.events import CommentEdited
from handlers.listening import verbs

EVENT = CommentEdited

_KIND = {"approve": SignalKind.approve, "reject": SignalKind.reject}


def needs(event: CommentEdited) -> FactQuery | Ignore:
    commands = might_command(event.body) or might_command(event.previous)
    tick = might_tick(event.previous, event.body) and not event.sender.is_bot
    if not commands and not tick:
        return Ignore("neither the old words nor the new ones hold a command")
    box = event.body if tick else None
    return FactQuery(number=event.number, comment_id=event.comment_id, workflows=commands, box=box)


def plan(event: CommentEdited, facts: Facts) -> list[Intent]:
    if facts.ours is not None:
        return [_tick(event, facts)]
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
        if facts.role is None or not facts.role.at_least(Role.write):
            # Anybody may comment and edit as often as they like.
            by = facts.comment.author if facts.comment is not None else event.sender
            key = refusal_key(event.repo, event.number, by.login)
        intents.append(Say(event.number, replies.edits_never_run(changed=True), key))
    return intents or [Ignore("no run is active here")]


def _tick(event: CommentEdited, facts: Facts) -> Intent:
    """The signal of a ticked box. The run judges it when it hears it, and puts the box back."""
    ours = facts.ours
    if ours is None or ours.history is None:
        return Ignore("GitHub does not tell who edited the comment")
    found = next((tick for written in ours.written if (tick := ticked(written, ours.history.body))), None)
    if ours.history.body != event.body or found is None:
        return Ignore("no box is ticked in what the comment says now")
    strange = unheard(ours.history, ours.ticks, facts.app.login)
    if not strange or not only_ticked(ours.history, ours.written, ours.ticks, facts.app.login):
        return Ignore("the comment was edited otherwise as well, so no tick in it counts")
    (edit,) = strange
    if edit.by is None or edit.by.endswith("[bot]") or edit.by != event.sender.login:
        return Ignore(f"GitHub does not name @{event.sender.login} as who ticked the box")
    run = facts.active
    if run is None or not _waits_there(run, event.comment_id, found):
        return Say(event.number, replies.box_is_stale(), f"box:{edit.id}:answer")
    return Signal(
        run_id=run.id,
        kind=_KIND[found.verb],
        key=f"box:{edit.id}",
        actor=edit.by,
        digest=found.digest,
        comment_id=event.comment_id,
        edit_id=edit.id,
    )


def _waits_there(run: Run, comment_id: int, tick: Tick) -> bool:
    """Whether the run waits for what this very comment shows."""
    waiting = run.waiting
    if waiting is None or waiting.what is not WaitingFor.approval or waiting.asked_in != comment_id:
        return False
    return tick.digest is None or (waiting.digest is not None and matches(tick.digest, waiting.digest))


def _commands(body: str, facts: Facts) -> tuple[Command, ...] | Refusal:
    if facts.workflows is None:
        return ()
    return parse(body, slug=facts.app.slug, verbs=verbs(facts.workflows))
