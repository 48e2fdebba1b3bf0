"""Holds: the operator stops work everywhere, of one account or of one repository, until it is resumed.

What is held is claimed by nobody, and whoever works on it gives it back. What comes in is kept all the same.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import holds, runs
from core.names import Repo, RunId, Value

_t = holds.c


class Hold(Value):
    """What is held, and why. Names are in small letters, as GitHub tells no case apart."""

    owner: str = ""
    """Empty: every account's."""
    name: str = ""
    """Empty: every repository of the owner."""
    reason: str
    since: datetime

    @property
    def scope(self) -> str:
        """What is held, for people."""
        if self.name:
            return f"{self.owner}/{self.name}"
        return f"everything of {self.owner}" if self.owner else "everything"


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


async def on(db: AsyncConnection, repo: Repo) -> Hold | None:
    """The hold that this repository's work stands under, the oldest of several; None where it may go on."""
    mine = _over(sa.literal(repo.owner.lower()), sa.literal(repo.name.lower()))
    row = (await db.execute(sa.select(holds).where(mine).order_by(_t.since).limit(1))).mappings().first()
    return Hold(**row) if row else None


async def of_run(db: AsyncConnection, run_id: RunId) -> Hold | None:
    """The hold that this run stands under."""
    query = sa.select(holds).join(runs, _over(runs.c.owner, runs.c.name)).where(runs.c.id == run_id)
    row = (await db.execute(query.order_by(_t.since).limit(1))).mappings().first()
    return Hold(**row) if row else None


def free(row: sa.FromClause = runs) -> sa.ColumnElement[bool]:
    """The condition that no hold is over a row of `runs`."""
    return ~sa.exists().where(_over(row.c.owner, row.c.name))


def _over(owner: sa.ColumnElement[str], name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.or_(_t.owner == "", sa.and_(_t.owner == owner, sa.or_(_t.name == "", _t.name == name)))
