"""Parts of runs: what their parent reads of them, and who belongs together.

A part is a run of its own in everything but what people see of it; what counts for a run as a whole, such as its
budget, counts for the family: the run that people asked for and every part below it.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import runs
from core.names import RunId, Value
from core.runs import Part
from core.states import RunState

_t = runs.c


class PartRun(Value):
    """A part as its parent sees it: without the texts that are the same in all of them."""

    id: RunId
    part: Part
    state: RunState
    ended_code: str | None = None
    ended_why: str | None = None


async def of_step(db: AsyncConnection, parent_id: RunId, step: str) -> list[PartRun]:
    """The parts of this step: the first ones in the order of their items, and after them those that came again."""
    columns = [_t[name] for name in PartRun.model_fields]
    query = sa.select(*columns).where(_t.parent_id == parent_id).order_by(_t.id)
    found = [PartRun(**row) for row in (await db.execute(query)).mappings()]
    return sorted((one for one in found if one.part.step == step), key=lambda one: (one.part.attempt, one.part.index))


async def unfinished(db: AsyncConnection, parent_id: RunId) -> list[RunId]:
    """The parts of the run that are not over, in the order of their ids."""
    query = sa.select(_t.id).where(_t.parent_id == parent_id, _t.ended_at.is_(None)).order_by(_t.id)
    return [RunId(run_id) for run_id in (await db.execute(query)).scalars()]


async def counts(db: AsyncConnection, parent_id: RunId) -> Mapping[RunState, int]:
    """How many parts of the run are in which state; states without one are left out."""
    number = sa.func.count().label("number")
    query = sa.select(_t.state, number).where(_t.parent_id == parent_id).group_by(_t.state)
    return {row.state: row.number for row in await db.execute(query)}


async def by_state(db: AsyncConnection, parent_id: RunId) -> dict[str, list[str]]:
    """The ids of the run's parts, by their states; states without one are left out."""
    found: dict[str, list[str]] = {}
    query = sa.select(_t.id, _t.state).where(_t.parent_id == parent_id).order_by(_t.state, _t.id)
    for row in await db.execute(query):
        found.setdefault(RunState(row.state).value, []).append(row.id)
    return found


async def whole(db: AsyncConnection, run_id: RunId) -> RunId:
    """The run that people asked for: this one, or the one that it is in the end a part of."""
    above = sa.select(_t.id, _t.parent_id).where(_t.id == run_id).cte("above", recursive=True)
    above = above.union_all(sa.select(_t.id, _t.parent_id).where(_t.id == above.c.parent_id))
    query = sa.select(above.c.id).where(above.c.parent_id.is_(None))
    return RunId((await db.execute(query)).scalar_one())


def family(run_id: RunId) -> sa.Select[str]:
    """The ids of the run, its parts, their parts and so on."""
    below = sa.select(_t.id).where(_t.id == run_id).cte("below", recursive=True)
    below = below.union_all(sa.select(_t.id).where(_t.parent_id == below.c.id))
    return sa.select(below.c.id)
