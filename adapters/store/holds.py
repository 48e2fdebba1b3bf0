"""Holds: the operator stops work everywhere, of one account or of one repository, until it is resumed.

What is held is claimed by nobody, and whoever works on it gives it back. What comes in is kept all the same. People
hold a subject or their repository by a word of their own (`adapters.store.stops`), and it stops work in the same way;
neither can end what the other holds.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import shut, stops
from adapters.store.statements import changed, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import holds, runs
from core.holds import Hold
from core.names import Repo, RunId

_t = holds.c


async def hold(db: AsyncConnection, owner: str, name: str, reason: str, now: datetime) -> bool:
    """Hold work in this scope. False: it was held already, since when it was first; the reason is the new one."""
    words = {"reason": sayable(db, reason)}
    row = {"owner": owner.lower(), "name": name.lower(), "since": now, **words}
    statement = insert_into(db, holds).values(row)
    new = await changed(db, statement.on_conflict_do_nothing(index_elements=["owner", "name"])) == 1
    if not new:
        await db.execute(sa.update(holds).where(_t.owner == row["owner"], _t.name == row["name"]).values(words))
    return new


async def resume(db: AsyncConnection, owner: str, name: str) -> bool:
    """End this hold; a wider or a narrower one stands. False: there was none."""
    return await changed(db, sa.delete(holds).where(_t.owner == owner.lower(), _t.name == name.lower())) == 1


async def all_(db: AsyncConnection) -> list[Hold]:
    """Every hold, the oldest first."""
    rows = await db.execute(sa.select(holds).order_by(_t.since, _t.owner, _t.name))
    return [Hold(**row) for row in rows.mappings()]


async def on(db: AsyncConnection, repo: Repo, *numbers: int) -> Hold | None:
    """The hold that this repository's work stands under, or that on these subjects; None where it may go on.

    The operator's before that of people, and of several the oldest.
    """
    mine = _over(sa.literal(repo.owner.lower()), sa.literal(repo.name.lower()))
    row = (await db.execute(sa.select(holds).where(mine).order_by(_t.since).limit(1))).mappings().first()
    return Hold(**row) if row else await shut.on(db, repo) or await stops.on(db, repo, *numbers)


async def of_run(db: AsyncConnection, run_id: RunId) -> Hold | None:
    """The hold that this run stands under: one query while there is none."""
    mine = sa.or_(sa.exists().where(_over(runs.c.owner, runs.c.name)), shut.over(), stops.over())
    query = sa.select(runs.c.repo, runs.c.subject_number).where(runs.c.id == run_id, mine)
    row = (await db.execute(query)).first()
    return None if row is None else await on(db, Repo.model_validate(row.repo), row.subject_number)


def free(row: sa.FromClause = runs) -> sa.ColumnElement[bool]:
    """The condition that no hold is over a row of `runs`."""
    return sa.and_(~sa.exists().where(_over(row.c.owner, row.c.name)), ~shut.over(row), ~stops.over(row))


def _over(owner: sa.ColumnElement[str], name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.or_(_t.owner == "", sa.and_(_t.owner == owner, sa.or_(_t.name == "", _t.name == name)))
