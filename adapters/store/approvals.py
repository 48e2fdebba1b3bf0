"""Approvals: who said yes to which content. A yes is never deleted; it is voided, with the reason."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import changed
from adapters.store.tables import approvals
from core.names import Digest, RunId
from core.runs import Approval

_t = approvals.c


async def grant(db: AsyncConnection, approval: Approval) -> None:
    """Keep the approval. The caller does so once per signal, in the transaction that applies it."""
    await db.execute(sa.insert(approvals).values(approval.model_dump()))


async def standing(db: AsyncConnection, run_id: RunId, gate: str, digest: Digest) -> list[Approval]:
    """The approvals of exactly this content that nothing voided, in order.

    A person may stand here twice, by a comment and by a review: count people, not rows.
    """
    query = _of(run_id).where(_t.gate == gate, _t.digest == digest, _t.voided_why.is_(None))
    return [Approval(**row) for row in (await db.execute(query)).mappings()]


async def of_run(db: AsyncConnection, run_id: RunId) -> list[Approval]:
    """Every approval of the run, the voided ones too, in order."""
    return [Approval(**row) for row in (await db.execute(_of(run_id))).mappings()]


async def void(
    db: AsyncConnection,
    run_id: RunId,
    *,
    comment_id: int | None = None,
    review_id: int | None = None,
    actor: str | None = None,
    why: str,
) -> int:
    """How many standing approvals were voided: those that came from this comment, this review, this person.

    Several conditions must all hold; with none it raises ValueError, since nobody means to void them all.
    """
    given = {"comment_id": comment_id, "review_id": review_id, "actor": actor}
    conditions = [_t[name] == value for name, value in given.items() if value is not None]
    if not conditions:
        raise ValueError("say which approvals to void: by comment, by review or by person")
    statement = (
        sa.update(approvals).where(_t.run_id == run_id, _t.voided_why.is_(None), *conditions).values(voided_why=why)
    )
    return await changed(db, statement)


def _of(run_id: RunId) -> sa.Select[Any]:
    columns = [_t[name] for name in Approval.model_fields]
    return sa.select(*columns).where(_t.run_id == run_id).order_by(_t.at, _t.id)
