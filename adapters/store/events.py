"""Events: the audit journal of a run.

Each entry's hash covers the hash of the entry before it, so that none can be changed alone. The run's row keeps the
number and hash of the newest one, so that none can be cut off unseen. No secret of ours enters the journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.columns import plain
from adapters.store.statements import sayable
from adapters.store.tables import events, runs
from core import digests
from core.names import Digest, RunId
from core.runs import Event

_t = events.c
_COLUMNS = [_t[name] for name in Event.model_fields]


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a journal. Number 0 without a hash: nothing is written yet."""

    seq: int
    hash: Digest | None

    @classmethod
    def read(cls, kept: str) -> Self:
        """The head as `str()` wrote it into the run's row."""
        seq, _, link = kept.partition(":")
        return cls(int(seq), Digest(link) if link else None)

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash or ''}"


@dataclass(frozen=True, slots=True)
class Said:
    """An entry that is still to be written."""

    name: str
    facts: Mapping[str, Any]
    actor: str = "pullwright"


# Made once: making and naming a statement anew costs more than sending it.
_LOCK = sa.select(runs.c.journal_head).where(runs.c.id == sa.bindparam("of")).with_for_update(key_share=True)
_MOVE = (
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("of"))
    .values(journal_head=sa.bindparam("newest"), updated_at=sa.bindparam("now"))
)
_GOT_ON = _MOVE.values(attempts=0, outages=0, away_seconds=0, waiting=None)
_ADD = sa.insert(events).returning(_t.seq)
"""What it returns is not read: it makes several entries one statement, which the driver would send once for each."""


async def append(
    db: AsyncConnection, run_id: RunId, *, name: str, actor: str, facts: Mapping[str, Any], at: datetime
) -> Event:
    """Write the next entry of the run's journal, in the transaction of what it tells about.

    The lock of the run's row keeps intake and the lease holder from writing two entries after the same one.
    """
    kept = (await db.execute(_LOCK, {"of": run_id})).scalar_one()
    (entry,) = await follow(db, run_id, kept, [Said(name, facts, actor)], at)
    return entry


async def follow(
    db: AsyncConnection, run_id: RunId, kept: str | None, said: Sequence[Said], at: datetime, *, got_on: bool = False
) -> list[Event]:
    """Write the next entries behind the head that the run's row keeps; whoever calls holds the lock of that row.

    The row says then when the run last moved and, where it `got_on`, that what failed before counts no more.
    """
    newest = await _newest(db, run_id) if kept is None else Head.read(kept)
    written: list[Event] = []
    for one in said:
        name, actor, facts = sayable(db, plain([one.name, one.actor, one.facts]))
        seq = newest.seq + 1
        link = _hash(newest.hash, seq, at, name, actor, facts)
        written.append(Event(seq=seq, at=at, name=name, actor=actor, facts=facts, hash=link))
        newest = Head(seq, link)
    await db.execute(_ADD, [{"run_id": run_id, **entry.model_dump()} for entry in written])
    await db.execute(_GOT_ON if got_on else _MOVE, {"of": run_id, "newest": str(newest), "now": at})
    return written


async def of_run(db: AsyncConnection, run_id: RunId) -> list[Event]:
    """The journal of the run, from its beginning."""
    query = sa.select(*_COLUMNS).where(_t.run_id == run_id).order_by(_t.seq)
    return [Event(**row) for row in (await db.execute(query)).mappings()]


async def newest(db: AsyncConnection, run_id: RunId, name: str) -> Event | None:
    """The last entry of this name in the run's journal."""
    query = sa.select(*_COLUMNS).where(_t.run_id == run_id, _t.name == name).order_by(_t.seq.desc()).limit(1)
    row = (await db.execute(query)).mappings().first()
    return Event(**row) if row else None


async def head(db: AsyncConnection, run_id: RunId) -> Head | None:
    """The newest entry as the run's row knows it; None for a run that was last written to before rows knew."""
    kept = (await db.execute(sa.select(runs.c.journal_head).where(runs.c.id == run_id))).scalar_one()
    return None if kept is None else Head.read(kept)


def verify(journal: Sequence[Event], head: Head | None = None) -> int | None:
    """The number of the first entry that is not what was written there, or None where the whole chain holds.

    Without the head, entries cut off at the end leave a chain that holds. With it the first missing one is named, and
    the first that was written behind it. Whoever can write both the journal and the run's row can forge both: an
    operator who noted a head elsewhere sees that too.
    """
    newest = Head(0, None)
    for seq, entry in enumerate(journal, start=1):
        expected = _hash(newest.hash, seq, entry.at, entry.name, entry.actor, entry.facts)
        if (entry.seq, entry.hash) != (seq, expected):
            return seq
        newest = Head(seq, entry.hash)
    if head is None or newest == head:
        return None
    return newest.seq if newest.seq == head.seq else min(newest.seq, head.seq) + 1


async def _newest(db: AsyncConnection, run_id: RunId) -> Head:
    query = sa.select(_t.seq, _t.hash).where(_t.run_id == run_id).order_by(_t.seq.desc()).limit(1)
    last = (await db.execute(query)).first()
    return Head(last.seq, Digest(last.hash)) if last else Head(0, None)


def _hash(previous: Digest | None, seq: int, at: datetime, name: str, actor: str, facts: Mapping[str, Any]) -> Digest:
    return digests.digest("event", previous, seq, plain(at), name, actor, plain(facts))
