"""Scopes: the paths that a run ships. No two unfinished runs of a repository ship the same path at the same time.

A run takes all of its paths or none, in one transaction, and gives them back in the one that ends it: so no two can
each wait for the other. Whoever finds one taken is kept in `scope_waits`, and told by the end of the run in its way.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.tables import runs, scope_waits, scopes
from core.names import RunId, Value

_SCOPES_LOCK = 0x70756C6E
_BATCH = 500
"""Paths in one statement: databases limit the parameters of one."""

_t = scopes.c
_w = scope_waits.c


class InTheWay(Value):
    """The run that ships one of the paths, and its pull request where it has one."""

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
    """Take these paths for the run instead of those it has; or take none, and remember that it waits for the run that
    is in the way. Call `lock` before.
    """
    for some in _batches(sorted(set(paths))):
        query = (
            sa.select(_t.run_id, _t.path, runs.c.pull_number)
            .join(runs, runs.c.id == _t.run_id)
            .where(_t.repo_id == repo_id, _t.path.in_(some), _t.run_id != run_id)
            .order_by(_t.path)
            .limit(1)
        )
        if (row := (await db.execute(query)).mappings().first()) is not None:
            wait = insert_into(db, scope_waits).values(run_id=run_id, for_id=row["run_id"])
            waits = {"for_id": row["run_id"]}
            await db.execute(wait.on_conflict_do_update(index_elements=["run_id"], set_=waits))
            return InTheWay(**row)
    await _give_back(db, run_id)
    for some in _batches(sorted(set(paths))):
        await db.execute(sa.insert(scopes), [{"repo_id": repo_id, "path": path, "run_id": run_id} for path in some])
    return None


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
    await db.execute(sa.delete(scope_waits).where(_w.for_id == run_id))
    await _give_back(db, run_id)
    return waiting


async def _give_back(db: AsyncConnection, run_id: RunId) -> None:
    await db.execute(sa.delete(scopes).where(_t.run_id == run_id))
    await db.execute(sa.delete(scope_waits).where(_w.run_id == run_id))


def _batches(paths: Sequence[str]) -> list[Sequence[str]]:
    return [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
