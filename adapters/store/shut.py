"""What GitHub has shut: suspended and removed installations, archived repositories. Nothing of theirs is worked on.

Shut by what GitHub says, opened by what GitHub says: no word of the operator's or of people's changes it. The table is
empty nearly always, and costs whoever claims a run nothing then.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.tables import repositories, runs, shut
from core.holds import Hold
from core.names import Repo

_t = shut.c


class What(StrEnum):
    installation = "installation"
    repository = "repository"


async def close(db: AsyncConnection, what: What, number: int, reason: str, at: datetime, *, gone: bool = False) -> None:
    """Nothing of it is worked on from now on. `gone`: for ever, and what is kept of it is to be deleted."""
    said = {"reason": reason, "since": at, "gone": gone}
    statement = insert_into(db, shut).values(what=what, id=number, **said)
    await db.execute(statement.on_conflict_do_update(index_elements=["what", "id"], set_=said, where=~_t.gone))


async def reopen(db: AsyncConnection, what: What, number: int) -> None:
    await db.execute(sa.delete(shut).where(_t.what == what, _t.id == number))


async def gone(db: AsyncConnection) -> list[int]:
    """The installations that were removed, and of which something may still be kept."""
    query = sa.select(_t.id).where(_t.what == What.installation, _t.gone).order_by(_t.id)
    return list((await db.execute(query)).scalars())


async def on(db: AsyncConnection, repo: Repo) -> Hold | None:
    """Why nothing of this repository is worked on; None where it may be."""
    mine = sa.or_(
        sa.and_(_t.what == What.installation, _t.id == repo.installation_id),
        sa.and_(_t.what == What.repository, _t.id == repo.id),
    )
    row = (await db.execute(sa.select(_t.reason, _t.since).where(mine).order_by(_t.what).limit(1))).first()
    if row is None:
        return None
    return Hold(owner=repo.owner.lower(), name=repo.name.lower(), reason=row.reason, since=row.since)


def over(row: sa.FromClause = runs) -> sa.ColumnElement[bool]:
    """The condition that a row of `runs` is of something that is shut."""
    # Two look-ups by key: an `or` within one would read the whole table for every run.
    return sa.or_(
        sa.exists().where(_t.what == What.repository, _t.id == row.c.repo_id),
        sa.exists().where(
            _t.what == What.installation,
            _t.id == repositories.c.installation_id,
            repositories.c.id == row.c.repo_id,
        ),
    )
