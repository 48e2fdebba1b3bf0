"""Steps: the memo that control flow reads. An intent, then an outcome; what is done is never done again."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import contents, runs
from adapters.store.statements import insert as insert_into
from adapters.store.tables import StepState, steps
from core.errors import BotError
from core.names import Digest, Epoch, RunId
from core.runs import Step

OF_ITEMS = ("/settled:", "/merge:")
"""In the keys of what is recorded of one item of a list: what came of it, and how it was brought in."""

_t = steps.c
_COLUMNS = [_t[name] for name in Step.model_fields]


class StepMismatch(BotError):
    """A step of this name was taken before with other inputs: the run no longer follows its own memo."""

    code = "step-mismatch"

    def __init__(self, run_id: RunId, key: str) -> None:
        super().__init__(f"The step `{key}` of run {run_id} was recorded with other inputs.")

    def remedy(self) -> str:
        return "Comment `/retry`: a new run starts from the beginning."


async def get(db: AsyncConnection, run_id: RunId, key: str) -> Step | None:
    query = sa.select(*_COLUMNS).where(_t.run_id == run_id, _t.key == key)
    row = (await db.execute(query)).mappings().first()
    return Step(**row) if row else None


async def all_(db: AsyncConnection, run_id: RunId) -> list[Step]:
    """The steps of the run, in the order in which they were first started."""
    query = sa.select(*_COLUMNS).where(_t.run_id == run_id).order_by(_t.ordinal)
    return [Step(**row) for row in (await db.execute(query)).mappings()]


async def below(db: AsyncConnection, run_id: RunId, beginning: str) -> list[Step]:
    """What is recorded under keys that begin so, in the order in which it first was."""
    # Not LIKE, which tells no case apart on SQLite.
    begins = sa.func.substr(_t.key, 1, len(beginning)) == beginning
    query = sa.select(*_COLUMNS).where(_t.run_id == run_id, begins).order_by(_t.ordinal)
    return [Step(**row) for row in (await db.execute(query)).mappings()]


async def but_of_items(db: AsyncConnection, run_id: RunId) -> list[Step]:
    """`all_`, but for what is recorded of each item of a list: however long it is, they are as many as the steps."""
    of_item = sa.or_(*(_t.key.contains(mark) for mark in OF_ITEMS))
    query = sa.select(*_COLUMNS).where(_t.run_id == run_id, sa.not_(of_item)).order_by(_t.ordinal)
    return [Step(**row) for row in (await db.execute(query)).mappings()]


async def start(db: AsyncConnection, run_id: RunId, epoch: Epoch, key: str, input_hash: Digest, now: datetime) -> Step:
    """The step as it stands once the intent is recorded: started, or done before.

    Raises StepMismatch where the key was used with other inputs, LeaseLost where this epoch does not hold the run.
    """
    return await _record(db, run_id, epoch, key, input_hash, now, state=StepState.started, output=None, cost_usd=None)


async def finish(
    db: AsyncConnection,
    run_id: RunId,
    epoch: Epoch,
    key: str,
    input_hash: Digest,
    output: Any,
    cost: Decimal | None,
    now: datetime,
) -> Step:
    """The step as it stands once the outcome is recorded; of two outcomes the first stands. No intent is needed.

    Raises as `start` does.
    """
    return await _record(db, run_id, epoch, key, input_hash, now, state=StepState.done, output=output, cost_usd=cost)


async def forget(db: AsyncConnection, run_id: RunId, epoch: Epoch, keys: Sequence[str]) -> None:
    """Drop memos whose effect on the tree was undone with it, so that what happens now is recorded instead."""
    await runs.guard(db, run_id, epoch)
    await db.execute(sa.delete(steps).where(_t.run_id == run_id, _t.key.in_(keys)))


async def _record(
    db: AsyncConnection, run_id: RunId, epoch: Epoch, key: str, input_hash: Digest, now: datetime, **outcome: Any
) -> Step:
    await runs.guard(db, run_id, epoch)
    ended_at = None if outcome["state"] is StepState.started else now
    later = steps.alias("later")
    row = {
        "run_id": run_id,
        "key": key,
        "input_hash": input_hash,
        "started_at": now,
        "ended_at": ended_at,
        # The run's row is locked by the guard, so no other step can take the same number.
        "ordinal": sa.select(sa.func.coalesce(sa.func.max(later.c.ordinal), 0) + 1)
        .where(later.c.run_id == run_id)
        .scalar_subquery(),
        **outcome,
    }
    statement = insert_into(db, steps).values(row)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["run_id", "key"],
            set_={**outcome, "ended_at": ended_at},
            where=sa.and_(_t.input_hash == input_hash, _t.state != StepState.done),
        )
    )
    await contents.note(db, run_id, contents.named_in(outcome["output"]))
    step = await get(db, run_id, key)
    if step is None or step.input_hash != input_hash:
        raise StepMismatch(run_id, key)
    return step
