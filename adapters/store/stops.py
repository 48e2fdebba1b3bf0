"""Stops: what people hold with `/hold`, a subject or a whole repository, until `/unhold`.

One row for each that was ever held keeps the newest word about it. The newest counts, by the time at which GitHub says
it was spoken: a delivery that comes late, or again, neither holds nor frees anything anew.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import runs, stops
from core.holds import Hold
from core.names import Repo, RunId

WHOLE = 0
"""The number under which the whole repository is held."""

_t = stops.c


async def say(
    db: AsyncConnection, repo_id: int, number: int, *, held: bool, reason: str, by: str, key: str, at: datetime
) -> bool:
    """Keep the word that was spoken at this time. False: a newer one is known, or this very one.

    One statement, so that of two intakes the newer word wins whichever writes last.
    """
    words = {"held": held, "reason": sayable(db, reason), "actor": by, "key": key, "said_at": at}
    statement = insert_into(db, stops).values(repo_id=repo_id, number=number, **words)
    newer = sa.and_(_t.said_at <= at, _t.key != key)
    statement = statement.on_conflict_do_update(index_elements=["repo_id", "number"], set_=words, where=newer)
    return await changed(db, statement) == 1


async def on(db: AsyncConnection, repo: Repo, *numbers: int) -> Hold | None:
    """What people hold of these subjects of a repository: the whole of it before a part. None where it may go on."""
    wanted = sa.and_(_t.repo_id == repo.id, _t.number.in_([WHOLE, *numbers]), _t.held)
    row = (await db.execute(sa.select(stops).where(wanted).order_by(_t.number).limit(1))).mappings().first()
    return _hold(repo, row) if row is not None else None


def _hold(repo: Repo, row: sa.RowMapping) -> Hold:
    return Hold(
        owner=repo.owner.lower(),
        name=repo.name.lower(),
        reason=row["reason"],
        since=row["said_at"],
        by=row["actor"],
        number=row["number"] or None,
    )


async def of_repository(db: AsyncConnection, repo: Repo, limit: int) -> list[Hold]:
    """What people hold in this repository now, the oldest first."""
    query = sa.select(stops).where(_t.repo_id == repo.id, _t.held).order_by(_t.said_at, _t.number).limit(limit)
    return [_hold(repo, row) for row in (await db.execute(query)).mappings()]


async def held_runs(db: AsyncConnection, repo_id: int, number: int) -> list[RunId]:
    """The runs that are not over and stand under this number: those to be rung for when it is free again."""
    which = runs.c.repo_id == repo_id
    if number != WHOLE:
        which = sa.and_(which, runs.c.subject_number == number)
    query = sa.select(runs.c.id).where(which, runs.c.ended_at.is_(None)).order_by(runs.c.id)
    return [RunId(run_id) for run_id in (await db.execute(query)).scalars()]


def over(row: sa.FromClause = runs) -> sa.ColumnElement[bool]:
    """The condition that a row of `runs` stands under such a word."""
    return sa.exists().where(_t.repo_id == row.c.repo_id, _t.number.in_([WHOLE, row.c.subject_number]), _t.held)
