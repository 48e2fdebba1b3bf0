"""Effects: the outbox. An intent with a deterministic key, then a receipt; the first of each stands."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import runs
from adapters.store.rows import effect_of, effect_row
from adapters.store.statements import changed, redactor_of, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import effects
from adapters.store.tables import runs as table_of_runs
from core.effects import worded
from core.names import Epoch, RunId, Sha
from core.runs import Effect, EffectState, NewEffect

LOOSE_SECONDS = 60
"""How long an effect that no lease protects belongs to whoever began to act on it."""

_t = effects.c
_UNSETTLED = (EffectState.pending, EffectState.acting)


async def insert(db: AsyncConnection, effect: NewEffect) -> bool:
    """Intend the effect. False: the key was intended before, and that intention stands.

    Its words lose their secrets here, before anything is compared with what was posted.
    """
    effect = effect.model_copy(update={"act": worded(effect.act, redactor_of(db).text)})
    statement = insert_into(db, effects).values(effect_row(effect)).on_conflict_do_nothing(index_elements=["key"])
    return await changed(db, statement) == 1


async def get(db: AsyncConnection, key: str) -> Effect | None:
    row = (await db.execute(sa.select(effects).where(_t.key == key))).mappings().first()
    return effect_of(row) if row else None


async def newest_loose(db: AsyncConnection, prefix: str) -> Effect | None:
    """The effect that was intended last of those of no run whose keys begin so; None where none does.

    It reads the keys of all that belong to no run, by their index: those of runs are far more.
    """
    loose = sa.select(effects).where(_t.run_id.is_(None), _t.key.startswith(prefix, autoescape=True))
    row = (await db.execute(loose.order_by(_t.id.desc()).limit(1))).mappings().first()
    return effect_of(row) if row else None


async def require(db: AsyncConnection, key: str) -> Effect:
    """The effect, which was intended before. Raises LookupError where it was not: a bug."""
    effect = await get(db, key)
    if effect is None:
        raise LookupError(f"there is no effect {key}")
    return effect


async def acting(db: AsyncConnection, key: str, epoch: Epoch | None, now: datetime) -> bool:
    """Say that we act now, and count the attempt. False: it is settled, put off, or another acts on it.

    An effect of an unfinished run belongs to its lease holder: raises LeaseLost unless `epoch` holds the run. With
    `epoch` None only a loose effect is taken, for a minute, since nothing else keeps a second worker from it.
    """
    if epoch is None:
        mine, until = _loose(), now + timedelta(seconds=LOOSE_SECONDS)
    else:
        owner = (await db.execute(sa.select(_t.run_id).where(_t.key == key))).scalar_one_or_none()
        if owner is None:
            return False
        await runs.guard(db, RunId(owner), epoch)
        mine, until = _t.run_id == owner, None
    statement = (
        sa.update(effects)
        .where(_t.key == key, _t.state.in_(_UNSETTLED), mine, _put_off_until(now))
        .values(state=EffectState.acting, attempts=_t.attempts + 1, not_before=until, error=None)
    )
    return await changed(db, statement) == 1


async def done(db: AsyncConnection, key: str, receipt: Mapping[str, Any]) -> bool:
    """Keep the receipt; of two the first stands. False: there was one.

    It asks for no epoch: the caller's transaction may. Where the lease was lost meanwhile nothing is kept, and the next
    holder finds outside what happened.
    """
    statement = (
        sa.update(effects)
        .where(_t.key == key, _t.state != EffectState.done)
        .values(state=EffectState.done, receipt=receipt, not_before=None, error=None)
    )
    return await changed(db, statement) == 1


async def failed(db: AsyncConnection, key: str, error: str, not_before: datetime | None) -> None:
    """It did not happen: to be tried again at `not_before`, or never where that is None."""
    state = EffectState.failed if not_before is None else EffectState.pending
    statement = (
        sa.update(effects)
        .where(_t.key == key, _t.state.in_(_UNSETTLED))
        .values(state=state, error=sayable(db, error), not_before=not_before)
    )
    await db.execute(statement)


async def abandon(db: AsyncConnection, run_id: RunId, why: str) -> None:
    """Settle what the run still owed, as failed: once it has ended nobody may push or merge in its name."""
    statement = (
        sa.update(effects)
        .where(_t.run_id == run_id, _t.state.in_(_UNSETTLED))
        .values(state=EffectState.failed, error=why, not_before=None)
    )
    await db.execute(statement)


async def overtake(db: AsyncConnection, prefix: str, why: str) -> None:
    """Settle, as failed, the loose effects with such keys that are still to be done: a newer one says how it is now.

    One of them that is tried again later would say how it was.
    """
    older = sa.and_(_t.key.startswith(prefix, autoescape=True), _t.state.in_(_UNSETTLED), _loose())
    await db.execute(sa.update(effects).where(older).values(state=EffectState.failed, error=why, not_before=None))


async def pending_loose(db: AsyncConnection, now: datetime, limit: int) -> list[Effect]:
    """Effects to act on now that no lease holder looks after. What an ended run did not do is not among them."""
    query = sa.select(effects).where(_t.state.in_(_UNSETTLED), _loose(), _put_off_until(now))
    return await _effects(db, query.limit(limit))


async def unsettled_loose(db: AsyncConnection) -> int:
    """How many effects without a lease are still to be done, now or later."""
    query = sa.select(sa.func.count()).select_from(effects).where(_t.state.in_(_UNSETTLED), _loose())
    found: int = (await db.execute(query)).scalar_one()
    return found


async def of_run(db: AsyncConnection, run_id: RunId) -> list[Effect]:
    return await _effects(db, sa.select(effects).where(_t.run_id == run_id))


async def pushed_to(db: AsyncConnection, repo_id: int, branch: str) -> frozenset[Sha]:
    """The commits that runs of ours first meant to push to this branch of the repository, done or not; of those runs
    that are still kept."""
    first = _t.key == sa.literal("run:") + table_of_runs.c.id + sa.literal(":push")
    query = sa.select(_t.act).join(table_of_runs, first).where(table_of_runs.c.repo_id == repo_id)
    acts = (await db.execute(query)).scalars()
    return frozenset(Sha(act["sha"]) for act in acts if act["branch"] == branch)


def _loose() -> sa.ColumnElement[bool]:
    """An effect of no run. Said so that no index on the run answers it: every run that ended left some, all settled,
    and SQLite would look through those for the few that are pending, which the index on the state knows.
    """
    return sa.func.coalesce(_t.run_id, "") == ""


def _put_off_until(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_t.not_before.is_(None), _t.not_before <= now)


async def _effects(db: AsyncConnection, query: sa.Select[Any]) -> list[Effect]:
    return [effect_of(row) for row in (await db.execute(query.order_by(_t.id))).mappings()]
