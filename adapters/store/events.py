"""Events: the audit journal of a run.

Each entry's hash covers the hash of the entry before it, so that none can be changed alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.columns import plain
from adapters.store.tables import events, runs
from core import digests
from core.names import Digest, RunId
from core.runs import Event

_t = events.c
_COLUMNS = [_t[name] for name in Event.model_fields]


async def append(
    db: AsyncConnection, run_id: RunId, *, name: str, actor: str, facts: Mapping[str, Any], at: datetime
) -> Event:
    """Write the next entry of the run's journal, in the transaction of what it tells about.

    Touching the run says when it last moved, and is the lock that keeps intake and the lease holder from writing two
    entries after the same one.
    """
    touched = await db.execute(sa.update(runs).where(runs.c.id == run_id).values(updated_at=at).returning(runs.c.id))
    touched.scalar_one()
    query = sa.select(_t.seq, _t.hash).where(_t.run_id == run_id).order_by(_t.seq.desc()).limit(1)
    last = (await db.execute(query)).first()
    seq, previous = (last.seq + 1, Digest(last.hash)) if last else (1, None)
    name, actor, facts = plain([name, actor, facts])
    link = _hash(previous, seq, at, name, actor, facts)
    entry = Event(seq=seq, at=at, name=name, actor=actor, facts=facts, hash=link)
    await db.execute(sa.insert(events).values(run_id=run_id, **entry.model_dump()))
    return entry


async def of_run(db: AsyncConnection, run_id: RunId) -> list[Event]:
    """The journal of the run, from its beginning."""
    query = sa.select(*_COLUMNS).where(_t.run_id == run_id).order_by(_t.seq)
    return [Event(**row) for row in (await db.execute(query)).mappings()]


def verify(journal: Sequence[Event]) -> int | None:
    """The number of the first entry that is not what was written there, or None where the whole chain holds.

    Entries cut off at the end leave a chain that holds.
    """
    previous = None
    for seq, entry in enumerate(journal, start=1):
        expected = _hash(previous, seq, entry.at, entry.name, entry.actor, entry.facts)
        if (entry.seq, entry.hash) != (seq, expected):
            return seq
        previous = entry.hash
    return None


def _hash(previous: Digest | None, seq: int, at: datetime, name: str, actor: str, facts: Mapping[str, Any]) -> Digest:
    return digests.digest("event", previous, seq, plain(at), name, actor, plain(facts))
