"""Pauses that GitHub asked for, kept where every process sees them. Satisfies `core.pauses.Pauses`."""

from datetime import datetime

import sqlalchemy as sa

from adapters.store.engine import Store
from adapters.store.statements import insert as insert_into
from adapters.store.tables import pauses
from core.pauses import Pause

_t = pauses.c


class StoredPauses:
    """One row per caller, with the latest end that was asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def running(self, caller: str, now: datetime) -> Pause | None:
        query = sa.select(_t.caller, _t.until, _t.why).where(_t.caller == caller, _t.until > now)
        async with self._store.read() as db:
            row = (await db.execute(query)).mappings().first()
        return Pause(**row) if row else None

    async def record(self, pause: Pause) -> None:
        said = {"until": pause.until, "why": pause.why}
        async with self._store.begin() as db:
            statement = insert_into(db, pauses).values(caller=pause.caller, **said)
            longer = _t.until < pause.until
            await db.execute(statement.on_conflict_do_update(index_elements=["caller"], set_=said, where=longer))
