"""Scopes: the paths that a run ships. No two unfinished runs of a repository ship the same path at the same time.

A run takes all of its paths or none, in one transaction, and gives them back in the one that ends it. Whoever finds one
taken stands in line: it is kept in `scope_waits` with its turn, its paths in `scope_wants`, and nobody whose turn comes
later takes one of these before it does. So a run with many paths is not overtaken for ever by those with few. Whoever
is in its way tells it at the end.

Nobody waits in a circle: who has no path yet waits for who has one or whose turn is earlier, and who has some waits
only for others that have. Of these, the one that would close a circle is refused.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.tables import runs, scope_waits, scope_wants, scopes
from core.errors import PathsEntangled
from core.names import RunId, Value

_SCOPES_LOCK = 0x70756C6E
_BATCH = 500
"""Paths in one statement: databases limit the parameters of one."""

_t = scopes.c
_w = scope_waits.c
_n = scope_wants.c


class InTheWay(Value):
    """The run that ships one of the paths, or will before, and its pull request where it has one."""

    run_id: RunId
    path: str
    pull_number: int | None


async def lock(db: AsyncConnection, repo_id: int) -> None:
    """Let nobody else take or give back paths of this repository until the transaction ends.

    Before any row of a run is locked in it: those who come after wait here, and hold nothing that we may need.
    """
    if db.dialect.name == "postgresql":
        key = _SCOPES_LOCK << 32 | repo_id & 0xFFFFFFFF
        await db.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.cast(key, sa.BigInteger))))


async def take(db: AsyncConnection, run_id: RunId, repo_id: int, paths: Sequence[str]) -> InTheWay | None:
    """Take these paths for the run instead of those it has; or take none, and stand in line behind the run that is in
    the way: it has one of them, or wants one and its turn is earlier. A turn is kept until the paths are taken. Call
    `lock` before.

    Raises PathsEntangled where the run has paths, and whoever is in its way waits for these.
    """
    wanted = sorted(set(paths))
    if (found := await _in_the_way(db, run_id, repo_id, wanted)) is not None:
        await _refuse_circle(db, run_id, found)
        await _stand_in_line(db, run_id, repo_id, wanted, found)
        return found
    await _give_back(db, run_id)
    await _insert(db, scopes, run_id, repo_id, wanted)
    return None


async def _in_the_way(db: AsyncConnection, run_id: RunId, repo_id: int, wanted: Sequence[str]) -> InTheWay | None:
    theirs = sa.select(_t.run_id, _t.path).where(_t.repo_id == repo_id, _t.run_id != run_id)
    if (found := await _first(db, theirs, _t.path, wanted)) is not None:
        return found
    has_some = sa.select(_t.run_id).where(_t.run_id == run_id).limit(1)
    if (await db.execute(has_some)).first() is not None:
        return None  # those in line wait for it, not it for them
    mine = (await db.execute(sa.select(_w.turn).where(_w.run_id == run_id))).scalar_one_or_none()
    before = (
        sa.select(_n.run_id, _n.path)
        .join(scope_waits, _w.run_id == _n.run_id)
        .where(_n.repo_id == repo_id, _n.run_id != run_id)
    )
    return await _first(db, before if mine is None else before.where(_w.turn < mine), _n.path, wanted)


async def _first(
    db: AsyncConnection, of: sa.Select[Any], path: sa.ColumnElement[str], wanted: Sequence[str]
) -> InTheWay | None:
    """The first path of these that a run has, or wants before."""
    for some in _batches(wanted):
        found = of.where(path.in_(some)).order_by(path).limit(1).subquery()
        query = sa.select(found, runs.c.pull_number).join(runs, runs.c.id == found.c.run_id)
        if (row := (await db.execute(query)).mappings().first()) is not None:
            return InTheWay(**row)
    return None


async def _refuse_circle(db: AsyncConnection, run_id: RunId, found: InTheWay) -> None:
    """Each run waits for one, and there is no circle yet: so the way along them ends, or comes by here."""
    one: str | None = found.run_id
    while one is not None:
        if one == run_id:
            raise PathsEntangled(f"Run `{found.run_id}` has `{found.path}`, and waits for what this run ships.")
        one = (await db.execute(sa.select(_w.for_id).where(_w.run_id == one))).scalar_one_or_none()


async def _stand_in_line(
    db: AsyncConnection, run_id: RunId, repo_id: int, wanted: Sequence[str], found: InTheWay
) -> None:
    """At the end of the line; where the run stands in it already, it keeps its turn."""
    last = sa.select(sa.func.coalesce(sa.func.max(_w.turn), 0) + 1).scalar_subquery()
    wait = insert_into(db, scope_waits).values(run_id=run_id, for_id=found.run_id, turn=last)
    await db.execute(wait.on_conflict_do_update(index_elements=["run_id"], set_={"for_id": found.run_id}))
    await db.execute(sa.delete(scope_wants).where(_n.run_id == run_id))
    await _insert(db, scope_wants, run_id, repo_id, wanted)


async def waiting_for(db: AsyncConnection, run_id: RunId) -> list[RunId]:
    """The runs that found this one in their way."""
    query = sa.select(_w.run_id).where(_w.for_id == run_id).order_by(_w.run_id)
    return [RunId(waiting) for waiting in (await db.execute(query)).scalars()]


async def shipping_before(db: AsyncConnection, repo_id: int, run_id: RunId) -> int:
    """How many other runs have paths in this repository and no pull request yet, and are older than this one."""
    mine = sa.select(runs.c.created_at).where(runs.c.id == run_id).scalar_subquery()
    older = sa.or_(runs.c.created_at < mine, sa.and_(runs.c.created_at == mine, runs.c.id < run_id))
    query = (
        sa.select(sa.func.count(sa.distinct(_t.run_id)))
        .join(runs, runs.c.id == _t.run_id)
        .where(_t.repo_id == repo_id, _t.run_id != run_id, runs.c.pull_number.is_(None), older)
    )
    return int((await db.execute(query)).scalar_one())


async def free(db: AsyncConnection, run_id: RunId) -> list[RunId]:
    """Give back all paths of the run; the runs that waited for it. Call `lock` before."""
    waiting = await waiting_for(db, run_id)
    await db.execute(sa.update(scope_waits).where(_w.for_id == run_id).values(for_id=None))
    await _give_back(db, run_id)
    return waiting


async def _give_back(db: AsyncConnection, run_id: RunId) -> None:
    await db.execute(sa.delete(scopes).where(_t.run_id == run_id))
    await db.execute(sa.delete(scope_waits).where(_w.run_id == run_id))
    await db.execute(sa.delete(scope_wants).where(_n.run_id == run_id))


async def _insert(db: AsyncConnection, table: sa.Table, run_id: RunId, repo_id: int, paths: Sequence[str]) -> None:
    for some in _batches(paths):
        await db.execute(sa.insert(table), [{"repo_id": repo_id, "path": path, "run_id": run_id} for path in some])


def _batches(paths: Sequence[str]) -> list[Sequence[str]]:
    return [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
