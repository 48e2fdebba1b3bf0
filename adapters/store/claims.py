"""Claims: whoever hears a bell takes the run whose turn it is, never more at once than the operator allows.

A bell names a run, but only says that there is work: there are at least as many bells as queued runs, so that each is
somebody's turn in the end. Whose turn it is:

1. a run whose worker died: it has its place among those that are at work already;
2. else a run of the account with the fewest at work, then of the repository with the fewest, then a whole run before
   a part of another one, then the oldest.

So nobody waits behind a crowd of somebody else's runs, and nobody starves: an account with nothing at work comes before
all that have something, and among several of those the oldest run does.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import holds, runs
from adapters.store.tables import runs as table
from core.caps import NO_CAPS, Caps
from core.names import Epoch, RunId, WorkerId

PATIENCE = timedelta(minutes=10)
"""A part that is older gives way to no whole run any more: these may come without end."""

_CLAIMS_LOCK = 0x70756C6D

_t = table.c
_IS_QUEUED = sa.text("runs.state = 'queued'")
_IS_RUNNING = sa.text("runs.state = 'running'")
"""Without parameters: SQLite uses a partial index only where a query repeats its condition to the letter."""


async def take(
    db: AsyncConnection, worker: WorkerId, now: datetime, lease_seconds: float, caps: Caps = NO_CAPS
) -> tuple[RunId, Epoch] | None:
    """Claim the run whose turn it is; None where nothing is due, or as much is at work as may be.

    One claim at a time over all processes: SQLite has one writer, and on PostgreSQL a lock is taken first, since two
    claims that do not see each other would both take the last free place. Call it first in its transaction.
    """
    if db.dialect.name == "postgresql":
        await db.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIMS_LOCK)))
    while (run_id := await next_due(db, now, caps)) is not None:
        if (epoch := await runs.claim(db, run_id, worker, now, lease_seconds)) is not None:
            return run_id, epoch
        # A late heartbeat renewed its lease after all: it is not due any more, and another one is next.
    return None


async def next_due(db: AsyncConnection, now: datetime, caps: Caps = NO_CAPS) -> RunId | None:
    """Whose turn it is. Reading takes nothing: `take` does."""
    lost = (
        sa.select(_t.id)
        .where(_IS_RUNNING, _t.lease_until <= now, holds.free())
        .order_by(_t.lease_until, _t.id)
        .limit(1)
    )
    found: str | None = (await db.execute(lost)).scalar_one_or_none()
    if found is None:
        found = (await db.execute(_fairest(now, caps))).scalar_one_or_none()
    return None if found is None else RunId(found)


def _fairest(now: datetime, caps: Caps) -> sa.Select[str]:
    """The first of the queued runs that are due and have a place left."""
    owners, repositories = _at_work("owner"), _at_work("repo_id")
    of_owner, of_repository = (sa.func.coalesce(busy.c.number, 0) for busy in (owners, repositories))
    query = (
        sa.select(_t.id)
        .select_from(
            table.outerjoin(owners, owners.c.owner == _t.owner).outerjoin(
                repositories, repositories.c.repo_id == _t.repo_id
            )
        )
        .where(_IS_QUEUED, _t.behind_id.is_(None), sa.or_(_t.not_before.is_(None), _t.not_before <= now), holds.free())
    )
    if caps.total is not None:
        at_work = sa.select(sa.func.count()).select_from(table).where(_IS_RUNNING).correlate(None).scalar_subquery()
        query = query.where(at_work < caps.total)
    if caps.per_owner is not None:
        query = query.where(of_owner < caps.per_owner)
    if caps.per_repository is not None:
        query = query.where(of_repository < caps.per_repository)
    young_part = sa.case((sa.and_(_t.parent_id.is_not(None), _t.created_at > now - PATIENCE), 1), else_=0)
    return query.order_by(of_owner, of_repository, young_part, _t.created_at, _t.id).limit(1)


def _at_work(column: str) -> sa.Subquery:
    """How many runs are at work, by this column. Those whose worker died keep their place until they are taken up."""
    query = sa.select(_t[column], sa.func.count().label("number")).where(_IS_RUNNING).group_by(_t[column])
    return query.subquery(f"busy_{column}")
