"""Circuit breakers, kept where every process sees them. Satisfies `core.breakers.Breakers`."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.engine import Store
from adapters.store.statements import insert as insert_into
from adapters.store.statements import sayable
from adapters.store.tables import breakers
from core.breakers import Breaker

_t = breakers.c


class StoredBreakers:
    """One row for each dependency that ever failed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, dependency: str) -> Breaker:
        async with self._store.read() as db:
            found = await _find(db, sa.select(breakers).where(_t.dependency == dependency))
        return found[0] if found else Breaker(dependency=dependency)

    async def move(self, dependency: str, change: Callable[[Breaker], Breaker]) -> Breaker:
        """The row is locked from the look to the change, so that two failures count as two and one probe is one."""
        new = Breaker(dependency=dependency)
        async with self._store.begin() as db:
            await db.execute(insert_into(db, breakers).values(new.model_dump()).on_conflict_do_nothing())
            (found,) = await _find(db, sa.select(breakers).where(_t.dependency == dependency).with_for_update())
            changed = change(found)
            said = {**changed.model_dump(exclude={"dependency"}), "why": sayable(db, changed.why)}
            await db.execute(sa.update(breakers).where(_t.dependency == dependency).values(said))
        return changed


async def away(db: AsyncConnection) -> list[Breaker]:
    """The dependencies that are left alone, or were until now and nobody has asked since."""
    return await _find(db, sa.select(breakers).where(_t.until.is_not(None)).order_by(_t.dependency))


async def _find(db: AsyncConnection, query: sa.Select[tuple[object, ...]]) -> list[Breaker]:
    return [Breaker(**row) for row in (await db.execute(query)).mappings()]
