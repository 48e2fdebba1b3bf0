"""Decisions: the last one about each issue and pull request, of each kind, for whoever asks why."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.statements import sayable
from adapters.store.tables import decisions
from core.decisions import Decision

_t = decisions.c


async def keep(db: AsyncConnection, repo_id: int, decision: Decision) -> None:
    """Keep the decision in place of the one before. Two that write at once leave one of the two whole."""
    said = {"at": decision.at, "tree": sayable(db, dict(decision.tree))}
    statement = insert_into(db, decisions).values(
        repo_id=repo_id, number=decision.number, about=decision.about.value, **said
    )
    await db.execute(statement.on_conflict_do_update(index_elements=["repo_id", "number", "about"], set_=said))


async def of(db: AsyncConnection, repo_id: int, numbers: Sequence[int]) -> list[Decision]:
    """The decisions about these issues and pull requests, the newest first."""
    columns = [_t[name] for name in Decision.model_fields]
    query = sa.select(*columns).where(_t.repo_id == repo_id, _t.number.in_(numbers)).order_by(_t.at.desc())
    return [Decision(**row) for row in (await db.execute(query)).mappings()]
