"""Boxes in what the bot posts where a run waits: whether a tick holds, and our own words put back after it.

Of a tick GitHub is asked who made it, in the history of the comment, and asked again whenever it counts. Trusted are
the signed payload for where to look, and GitHub's API for everything else.
"""

from adapters.store import Store, effects, ticks
from core.effects import EditComment, PostComment
from core.facts import OurComment
from core.github import Comment, GitHub
from core.markers import marked
from core.names import RunId
from core.records import Heard
from core.runs import Effect, SignalKind
from handlers import replies
from handlers.boxes import only_ticked
from jobs.effects.comments import fitting
from jobs.work import Work


async def our_comment(store: Store, github: GitHub, run_id: RunId, comment: Comment) -> OurComment:
    """What is known of a comment: from the database, and where this run posted it, from GitHub."""
    async with store.read() as db:
        written = [_text(effect) for effect in await ticks.written(db, run_id, comment.id)]
        known = frozenset(one.edit_id for one in await ticks.heard(db, run_id, comment.id) if one.edit_id is not None)
    history = await github.history(comment) if written else None
    return OurComment(history=history, written=tuple(written), ticks=known)


async def untouched(work: Work, comment: Comment, *, with_tick: str | None = None) -> bool:
    """Whether all that stands in the comment is ours and ever was, but for ticks of its boxes.

    With `with_tick`, this edit must be one of them still. Asks GitHub for the history: only an edited comment is worth
    that.
    """
    app = await work.app()
    if comment.app_id != app.id:
        return False
    ours = await our_comment(work.services.store, work.github, work.run.id, comment)
    if ours.history is None or not only_ticked(ours.history, ours.written, ours.ticks, app.login):
        return False
    return with_tick is None or any(edit.id == with_tick and not edit.deleted for edit in ours.history.edits)


async def tick_stands(work: Work, comment_id: int | None, edit_id: str) -> bool:
    """Whether a box that somebody ticked is ticked in words of ours still: nobody wrote there before or after."""
    comment = await work.github.comment(comment_id) if comment_id is not None else None
    return comment is not None and await untouched(work, comment, with_tick=edit_id)


async def put_back(work: Work, shown: str, *, waits: bool) -> None:
    """Have our own words in the comment that the effect `shown` posted, with what became of every tick in it.

    Nothing where nobody ticked a box. The boxes stay while somebody is still waited for.
    """
    async with work.services.store.read() as db:
        posting = await effects.get(db, work.key(shown))
        if posting is None or posting.receipt is None or not isinstance(posting.act, PostComment):
            return
        comment_id: int = posting.receipt["comment_id"]
        heard = await ticks.heard(db, work.run.id, comment_id)
    told = [(tick, became) for tick in heard if (became := _became(tick, waits)) is not None]
    if not told:
        return
    text = replies.with_ticks(posting.act.body, [(tick.actor, became) for tick, became in told], waits=waits)
    again = EditComment(comment_id=comment_id, body=marked(fitting(text), posting.key))
    await work.do(f"box:{told[-1][0].edit_id}:{'waits' if waits else 'over'}", again)


def _became(tick: Heard, waits: bool) -> str | None:
    """A rejection is applied only once the run has ended; what else was not applied yet is told later."""
    if tick.outcome is None:
        return None if waits or tick.kind is not SignalKind.reject else replies.box_ticked(tick.kind, None)
    why = tick.outcome.removeprefix("refused: ") if tick.outcome.startswith("refused: ") else None
    return replies.box_ticked(tick.kind, why)


def _text(effect: Effect) -> str:
    """What an effect puts into its comment."""
    if isinstance(effect.act, PostComment):
        return marked(fitting(effect.act.body), effect.key)
    return effect.act.body if isinstance(effect.act, EditComment) else ""
