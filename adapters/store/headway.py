"""Headway: what a step came to and that the next one begins, with the journal of both, in one transaction.

It is the write that every step of every run waits for, so it asks as little of the database as it can. Whatever is
not as it should be is left to `steps`, which knows every case.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import contents, events, steps
from adapters.store.events import Said
from adapters.store.statements import changed
from adapters.store.tables import StepState, runs
from adapters.store.tables import steps as table
from core.errors import LeaseLost
from core.names import Digest, Epoch, RunId
from core.states import RunState


@dataclass(frozen=True, slots=True)
class Begins:
    """A step that has no row yet."""

    key: str
    input_hash: Digest


@dataclass(frozen=True, slots=True)
class CameTo:
    """A step that is done, with its output as JSON and a sentence for people."""

    key: str
    input_hash: Digest
    output: Any
    why: str


_t = table.c
_later = table.alias("later")

# Made once: making and naming a statement anew costs more than sending it.
_HELD = (
    sa.select(runs.c.journal_head)
    .where(
        runs.c.id == sa.bindparam("held"),
        runs.c.epoch == sa.bindparam("by"),
        runs.c.state == sa.literal(RunState.running, runs.c.state.type),
    )
    .with_for_update(key_share=True)
)
_FINISH = (
    sa.update(table)
    .where(
        _t.run_id == sa.bindparam("of"),
        _t.key == sa.bindparam("named"),
        _t.input_hash == sa.bindparam("asked"),
        _t.state == sa.literal(StepState.started, _t.state.type),
    )
    .values(state=StepState.done, output=sa.bindparam("came_to"), ended_at=sa.bindparam("now"))
)
_BEGIN = sa.insert(table).values(
    state=StepState.started,
    # The run's row is locked, so no other step can take the same number.
    ordinal=sa.select(sa.func.coalesce(sa.func.max(_later.c.ordinal), 0) + 1)
    .where(_later.c.run_id == sa.bindparam("of"))
    .scalar_subquery(),
)


async def make(
    db: AsyncConnection,
    run_id: RunId,
    epoch: Epoch,
    now: datetime,
    *,
    done: CameTo | None = None,
    begins: Begins | None = None,
) -> None:
    """Write the outcome, of which the first stands, and the intent; what failed before a step is done counts no more.

    Raises LeaseLost unless this epoch holds the run, which stays so until the transaction ends, and StepMismatch where
    the step that is done was taken before with other inputs.
    """
    row = (await db.execute(_HELD, {"held": run_id, "by": epoch})).first()
    if row is None:
        raise LeaseLost
    said = []
    if done is not None:
        said.append(Said("step.finished", {"step": done.key, "why": done.why}))
        await contents.note(db, run_id, contents.named_in(done.output))
        named = {"of": run_id, "named": done.key, "asked": done.input_hash}
        if not await changed(db, _FINISH, {**named, "came_to": done.output, "now": now}):
            await steps.finish(db, run_id, epoch, done.key, done.input_hash, output=done.output, cost=None, now=now)
    if begins is not None:
        said.append(Said("step.started", {"step": begins.key}))
        new = {"run_id": run_id, "key": begins.key, "input_hash": begins.input_hash, "started_at": now}
        await db.execute(_BEGIN, {**new, "of": run_id})
    await events.follow(db, run_id, row.journal_head, said, now, got_on=done is not None)
