"""Pushes: who pushed last to the fork that a pull request comes from. GitHub tells of it once, and cannot be asked."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.tables import pushes
from core.heads import Push

_t = pushes.c


async def keep(db: AsyncConnection, repo_id: int, number: int, push: Push, at: datetime) -> None:
    """Keep the push in place of the one before. The caller saw that its head is the pull request's."""
    said = {"head": push.head, "actor": push.actor, "at": at}
    statement = insert_into(db, pushes).values(repo_id=repo_id, number=number, **said)
    await db.execute(statement.on_conflict_do_update(index_elements=["repo_id", "number"], set_=said))


async def last(db: AsyncConnection, repo_id: int, number: int) -> Push | None:
    """The last push; None where there was none since the App came here."""
    query = sa.select(_t.head, _t.actor).where(_t.repo_id == repo_id, _t.number == number)
    row = (await db.execute(query)).mappings().first()
    return Push(**row) if row is not None else None
