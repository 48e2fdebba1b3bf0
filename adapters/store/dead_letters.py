"""Dead letters: work that failed for good while the rest went on, until somebody did something about it.

Items of a `foreach` that failed, and runs that were given up. A letter is written in the transaction of the failure.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import dead_letters, runs
from core.names import Repo, RunId, Subject, Value
from core.runs import Part

_t = dead_letters.c


class Settled(StrEnum):
    """What somebody did about a letter."""

    retried = "retried"
    dropped = "dropped"


class Letter(Value):
    """A failed run and why; of an item's run, with the run that it is a part of."""

    run_id: RunId
    code: str
    why: str
    at: datetime
    settled: Settled | None = None
    again_id: RunId | None = None
    """The run that does again what failed, where somebody had it retried."""
    workflow: str
    repo: Repo
    subject: Subject
    parent_id: RunId | None = None
    part: Part | None = None


async def add(db: AsyncConnection, run_id: RunId, code: str, why: str, at: datetime) -> bool:
    """Keep a letter about this run. False: there is one already, which stands."""
    row = {"run_id": run_id, "code": code, "why": sayable(db, why), "at": at}
    return await changed(db, insert_into(db, dead_letters).values(row).on_conflict_do_nothing()) == 1


async def unsettled(db: AsyncConnection, limit: int = 1_000) -> list[Letter]:
    """The letters that nobody did anything about, by cause, oldest first."""
    return await _letters(db, _letter().where(_t.settled.is_(None)).order_by(_t.code, _t.at, _t.run_id).limit(limit))


async def get(db: AsyncConnection, prefix: str) -> Sequence[Letter]:
    """The letters about runs whose id begins like this, ten at most, settled ones among them."""
    query = _letter().where(_t.run_id >= prefix, _t.run_id <= f"{prefix}~").order_by(_t.run_id).limit(10)
    return await _letters(db, query)


async def of_parts(db: AsyncConnection, parent_id: RunId) -> Sequence[Letter]:
    """The letters about items of this run that nobody did anything about, in the order of their lists."""
    query = _letter().where(runs.c.parent_id == parent_id, _t.settled.is_(None)).order_by(_t.run_id)
    items = [(letter.part, letter) for letter in await _letters(db, query) if letter.part is not None]
    found = [(part.step, part.index, letter) for part, letter in items if not part.whole]
    return [letter for *_, letter in sorted(found, key=lambda one: one[:2])]


async def settle(
    db: AsyncConnection, run_id: RunId, how: Settled, at: datetime, *, again_id: RunId | None = None
) -> bool:
    """Say what was done about the letter. False: something was done already, or there is none."""
    done = sa.update(dead_letters).where(_t.run_id == run_id, _t.settled.is_(None))
    return await changed(db, done.values(settled=how, settled_at=at, again_id=again_id)) == 1


def _letter() -> sa.Select[tuple[object, ...]]:
    about = (runs.c.workflow, runs.c.repo, runs.c.subject_kind, runs.c.subject_number, runs.c.parent_id, runs.c.part)
    return sa.select(_t.run_id, _t.code, _t.why, _t.at, _t.settled, _t.again_id, *about).join(
        runs, runs.c.id == _t.run_id
    )


async def _letters(db: AsyncConnection, query: sa.Select[tuple[object, ...]]) -> list[Letter]:
    found = []
    for row in (await db.execute(query)).mappings():
        fields = dict(row)
        subject = Subject(kind=fields.pop("subject_kind"), number=fields.pop("subject_number"))
        found.append(Letter(subject=subject, **fields))
    return found
