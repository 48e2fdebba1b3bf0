"""Boxes that people ticked in comments of a run: what we wrote in a comment, and which edits of it were heard."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import effects
from adapters.store.tables import signals
from core.effects import EditComment, PostComment
from core.names import RunId
from core.records import Heard
from core.runs import Effect

_t = signals.c


async def written(db: AsyncConnection, run_id: RunId, comment_id: int) -> list[Effect]:
    """What the run wrote in this comment, oldest first: the posting of it, and each putting right that was begun."""
    return [effect for effect in await effects.of_run(db, run_id) if _wrote(effect, comment_id)]


async def heard(db: AsyncConnection, run_id: RunId, comment_id: int) -> list[Heard]:
    """The ticks in this comment, each with what became of it, oldest first."""
    columns: list[sa.Column[Any]] = [_t[name] for name in Heard.model_fields]
    here = (_t.run_id == run_id, _t.comment_id == comment_id, _t.edit_id.is_not(None))
    query = sa.select(*columns).where(*here).order_by(_t.at, _t.id)
    return [Heard(**row) for row in (await db.execute(query)).mappings()]


def _wrote(effect: Effect, comment_id: int) -> bool:
    if isinstance(effect.act, EditComment):
        return effect.act.comment_id == comment_id
    posted = effect.receipt.get("comment_id") if effect.receipt is not None else None
    return isinstance(effect.act, PostComment) and posted == comment_id
