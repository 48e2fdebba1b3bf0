"""What each caller may ask of GitHub, kept where every process sees it. Satisfies `core.allowance.Allowances`."""

from collections.abc import Callable

import sqlalchemy as sa

from adapters.store.engine import Store
from adapters.store.statements import changed
from adapters.store.statements import insert as insert_into
from adapters.store.tables import allowances
from core.allowance import Allowance

_t = allowances.c


class StoredAllowances:
    """One row for each caller."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def move(self, caller: str, change: Callable[[Allowance], Allowance]) -> None:
        """The row is locked from the look to the change: what two processes are granted is granted one after the
        other."""
        fresh = Allowance(caller=caller)
        async with self._store.begin() as db:
            look = sa.select(_t.known).where(_t.caller == caller).with_for_update()
            row = (await db.execute(look)).scalar()
            if row is None:
                first = insert_into(db, allowances).values(caller=caller, known=fresh).on_conflict_do_nothing()
                await db.execute(first)
                row = (await db.execute(look)).scalar_one()
            found = Allowance.model_validate(row)
            after = change(found)
            if after != found:
                await changed(db, sa.update(allowances).where(_t.caller == caller).values(known=after))
