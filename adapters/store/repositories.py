"""Repositories that the App can see. The id is what counts; owner and name are today's."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import runs
from adapters.store.statements import insert as insert_into
from adapters.store.tables import repositories
from core.names import Repo

_t = repositories.c


async def upsert(db: AsyncConnection, repo: Repo) -> None:
    """Learn the repository, or its new name, owner or installation."""
    row = repo.model_dump()
    statement = insert_into(db, repositories).values(row)
    await db.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


async def get(db: AsyncConnection, repo_id: int) -> Repo | None:
    row = (await db.execute(sa.select(repositories).where(_t.id == repo_id))).mappings().first()
    return Repo(**row) if row else None


async def learn(db: AsyncConnection, repo: Repo) -> None:
    """Know this repository from now on, its unfinished runs too. Nothing is written where it is known as it is: every
    delivery says so."""
    known = await get(db, repo.id)
    if known == repo:
        return
    await upsert(db, repo)
    if known is not None:
        await runs.follow(db, repo)


async def named(db: AsyncConnection, full_name: str) -> Repo | None:
    """The repository that is called so today, as far as is known; GitHub tells no case apart.

    Of several, one has lost its name to another since: which of them is right GitHub says when it is asked.
    """
    owner, _, name = full_name.lower().partition("/")
    query = sa.select(repositories).where(sa.func.lower(_t.owner) == owner, sa.func.lower(_t.name) == name)
    found = (await db.execute(query.order_by(_t.id.desc()).limit(1))).mappings().first()
    return Repo(**found) if found else None


async def all_(db: AsyncConnection) -> list[Repo]:
    rows = await db.execute(sa.select(repositories).order_by(_t.owner, _t.name))
    return [Repo(**row) for row in rows.mappings()]


async def remove(db: AsyncConnection, repo_id: int) -> None:
    """Forget the repository. Its runs are history, and stay."""
    await db.execute(sa.delete(repositories).where(_t.id == repo_id))
