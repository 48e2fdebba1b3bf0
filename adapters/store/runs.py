"""Runs: claimed by lease and epoch, moved only along the table of states, found again by what they are about.

A lease holder's writes say which epoch they believe in; one that changes no row raises LeaseLost. Locks come in one
order, run first and then what belongs to it, so that writers on PostgreSQL wait for each other and never deadlock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import holds
from adapters.store.rows import run_of, run_row
from adapters.store.statements import changed, held, sayable
from adapters.store.statements import insert as insert_into
from adapters.store.tables import runs, signals
from core.errors import LeaseLost
from core.names import Epoch, Repo, RunId, Sha, WorkerId
from core.runs import NewRun, Run, Waiting
from core.states import TERMINAL, RunState, Trigger, WaitingFor, sources, target

_t = runs.c
_NEWEST = (_t.created_at.desc(), _t.id.desc())


class Inserted(StrEnum):
    """What became of the wish to start a run."""

    started = "started"
    duplicate = "duplicate"
    """The same trigger has started a run before."""
    busy = "busy"
    """An unfinished run has this subject."""


async def insert(db: AsyncConnection, run: NewRun) -> Inserted:
    """Queue the run, unless its trigger was used before or its subject is taken.

    Two unique indexes decide, so that two intakes that saw neither run cannot both start one.
    """
    if await changed(db, insert_into(db, runs).values(run_row(run)).on_conflict_do_nothing()):
        return Inserted.started
    used = await db.execute(sa.select(_t.id).where(_t.trigger_key == run.trigger_key))
    return Inserted.duplicate if used.first() else Inserted.busy


async def get(db: AsyncConnection, run_id: RunId) -> Run | None:
    row = (await db.execute(sa.select(runs).where(_t.id == run_id))).mappings().first()
    return run_of(row) if row else None


async def by_trigger(db: AsyncConnection, key: str) -> Run | None:
    """The run that this trigger has started."""
    row = (await db.execute(sa.select(runs).where(_t.trigger_key == key))).mappings().first()
    return run_of(row) if row else None


async def require(db: AsyncConnection, run_id: RunId) -> Run:
    """The run, which is known to exist. Raises LookupError where it does not: a bug, not a state of the world."""
    run = await get(db, run_id)
    if run is None:
        raise LookupError(f"there is no run {run_id}")
    return run


async def find(db: AsyncConnection, prefix: str) -> list[Run]:
    """The runs whose id begins like this, ten at most, in the order of their ids."""
    # Ids are letters and digits, and `~` sorts after them all: a range that the key's index answers.
    query = sa.select(runs).where(_t.id >= prefix, _t.id <= f"{prefix}~").order_by(_t.id).limit(10)
    return await _runs(db, query)


async def of_subject(db: AsyncConnection, repo_id: int, number: int) -> list[Run]:
    """Every run about this issue or pull request, or whose pull request this is, newest first.

    Parts of runs are left out: people speak of the whole.
    """
    about = sa.or_(
        sa.and_(_t.repo_id == repo_id, _t.subject_number == number),
        sa.and_(_t.repo_id == repo_id, _t.pull_number == number),
    )
    return await _runs(db, sa.select(runs).where(about, _t.parent_id.is_(None)).order_by(*_NEWEST))


async def about_the_whole(db: AsyncConnection, repo_id: int, since: datetime, limit: int) -> list[Run]:
    """The newest runs about the repository as a whole that began after `since`, parts of runs left out.

    About one issue there are a few; these become ever more, so that only the lately begun are read.
    """
    about = sa.and_(_t.repo_id == repo_id, _t.subject_number == 0, _t.created_at > since, _t.parent_id.is_(None))
    return await _runs(db, sa.select(runs).where(about).order_by(*_NEWEST).limit(limit))


async def unfinished_of(db: AsyncConnection, repo_id: int) -> list[RunId]:
    """Every run of this repository that is not over, parts of others left out: they end with the whole."""
    query = sa.select(_t.id).where(_t.repo_id == repo_id, _t.ended_at.is_(None), _t.parent_id.is_(None))
    return [RunId(run_id) for run_id in (await db.execute(query.order_by(_t.id))).scalars()]


async def follow(db: AsyncConnection, repo: Repo) -> None:
    """Know the repository by its new name in all that is not over: what was pinned is its id."""
    moved = {"repo": repo, "owner": repo.owner.lower(), "name": repo.name.lower()}
    await db.execute(sa.update(runs).where(_t.repo_id == repo.id, _t.ended_at.is_(None)).values(moved))


async def recent(db: AsyncConnection, limit: int, state: RunState | None = None, *, parts: bool = False) -> list[Run]:
    """The newest runs; with `parts` also those that do parts of others."""
    query = sa.select(runs).order_by(*_NEWEST).limit(limit)
    if not parts:
        query = query.where(_t.parent_id.is_(None))
    return await _runs(db, query if state is None else query.where(_t.state == state))


async def due(db: AsyncConnection, now: datetime, limit: int) -> list[RunId]:
    """Runs that somebody should look at now, oldest first: what the clock rings for, whatever was lost on the way.

    Queued and not put off; running under a lease that ran out; before them all, waiting past its time, or with a signal
    to apply: nobody claims these unless they are woken, and of the queued there may be more than may be at work. What
    the operator holds is not among them.
    """
    unapplied = sa.exists().where(signals.c.run_id == _t.id, signals.c.outcome.is_(None))
    look = sa.or_(
        sa.and_(_t.state == RunState.queued, _t.behind_id.is_(None), _put_off_until(now)),
        sa.and_(_t.state == RunState.running, _t.lease_until <= now),
        sa.and_(_t.state == RunState.waiting, sa.or_(_t.not_before <= now, unapplied)),
    )
    query = (
        sa.select(_t.id)
        .where(_t.ended_at.is_(None), look, holds.free())
        .order_by(_t.state != RunState.waiting, _t.created_at, _t.id)
        .limit(limit)
    )
    return [RunId(run_id) for run_id in (await db.execute(query)).scalars()]


async def counts(db: AsyncConnection) -> Mapping[RunState, int]:
    query = sa.select(_t.state, sa.func.count().label("number")).group_by(_t.state)
    found: dict[RunState, int] = {row.state: row.number for row in await db.execute(query)}
    return {state: found.get(state, 0) for state in RunState}


async def claim(
    db: AsyncConnection, run_id: RunId, worker: WorkerId, now: datetime, lease_seconds: float
) -> Epoch | None:
    """Take the run's lease, or None where it is not to be had: held by a live worker, put off, waiting or over.

    One guarded statement, so that of two workers that heard the same doorbell one wins. It raises the epoch, which
    fences off whoever held the run before, and counts an attempt.
    """
    statement = (
        _move(
            Trigger.claim,
            run_id,
            epoch=_t.epoch + 1,
            attempts=_t.attempts + 1,
            lease_owner=worker,
            lease_until=now + timedelta(seconds=lease_seconds),
            not_before=None,
            updated_at=now,
        )
        .where(sa.or_(_t.lease_until.is_(None), _t.lease_until <= now), _t.behind_id.is_(None), _put_off_until(now))
        .returning(_t.epoch)
    )
    epoch = (await db.execute(statement)).scalar_one_or_none()
    return None if epoch is None else Epoch(epoch)


def renewal(run_id: RunId, epoch: Epoch, until: datetime) -> sa.Update:
    """The statement that prolongs a lease: shared by `renew` and the heartbeat's thread."""
    return (
        sa.update(runs)
        .where(_t.id == run_id, _t.epoch == epoch, _t.state == RunState.running)
        .values(lease_until=until)
    )


async def renew(db: AsyncConnection, run_id: RunId, epoch: Epoch, until: datetime) -> bool:
    """Prolong the lease. False: it is lost. One that ran out but that nobody took is prolonged as well."""
    return await changed(db, renewal(run_id, epoch, until)) == 1


async def guard(db: AsyncConnection, run_id: RunId, epoch: Epoch) -> None:
    """Raises LeaseLost unless this epoch holds the run, and keeps it so until the transaction ends."""
    query = sa.select(_t.id).where(_t.id == run_id, _t.epoch == epoch, _t.state == RunState.running)
    # The weaker row lock, FOR NO KEY UPDATE: rows that refer to the run may be inserted meanwhile.
    if (await db.execute(query.with_for_update(key_share=True))).first() is None:
        raise LeaseLost


async def release(db: AsyncConnection, run_id: RunId, epoch: Epoch, not_before: datetime | None = None) -> None:
    """Give the lease back: any worker may go on, but none before `not_before`."""
    await held(db, _held_move(Trigger.release, run_id, epoch, not_before=not_before))


async def wait_out(
    db: AsyncConnection, run_id: RunId, epoch: Epoch, not_before: datetime, *, outage: bool, away_seconds: int = 0
) -> None:
    """Give the lease back until something outside may answer again: no attempt is counted, but the outage if it is
    one, and for how long the run is put off because something is away."""
    away = {
        "attempts": sa.case((_t.attempts > 0, _t.attempts - 1), else_=0),  # it may have got on since it was claimed
        "outages": _t.outages + outage,
        "away_seconds": _t.away_seconds + away_seconds,
        "not_before": not_before,
    }
    await held(db, _held_move(Trigger.release, run_id, epoch, **away))


async def park(db: AsyncConnection, run_id: RunId, epoch: Epoch, waiting: Waiting) -> bool:
    """Let the run wait, with its attempts forgotten. False: a signal came, nothing is parked, look again.

    A signal's transaction locks the run before it writes, as this one does before it looks. So either the signal is
    seen here, or it comes after and wakes the run: none falls between.
    """
    await guard(db, run_id, epoch)
    unapplied = sa.select(signals.c.id).where(signals.c.run_id == run_id, signals.c.outcome.is_(None)).limit(1)
    if (await db.execute(unapplied)).first():
        return False
    parked = _held_move(
        Trigger.park,
        run_id,
        epoch,
        waiting_for=waiting.what,
        waiting=sayable(db, waiting.model_dump(mode="json")),
        not_before=waiting.not_before,
        attempts=0,
        outages=0,
        away_seconds=0,
    )
    await held(db, parked)
    return True


async def wake(db: AsyncConnection, run_id: RunId, now: datetime) -> bool:
    """Queue a waiting run. False: it was not waiting.

    What it waited for stands until a step is done or the run ends: a second answer to the same question may come
    before the first one was looked at.
    """
    woken = _move(Trigger.wake, run_id, waiting_for=None, not_before=None, updated_at=now)
    return await changed(db, woken) == 1


async def end(
    db: AsyncConnection, run_id: RunId, epoch: Epoch, trigger: Trigger, why: str, code: str | None, now: datetime
) -> None:
    """End the run by a trigger that ends runs. `why` is a sentence for people, `code` an error's code or None."""
    if target(trigger) not in TERMINAL:
        raise ValueError(f"{trigger.name} does not end a run")
    over = {"waiting": None, "ended_at": now, "ended_why": sayable(db, why), "ended_code": code, "updated_at": now}
    await held(db, _held_move(trigger, run_id, epoch, **over))


async def set_base(db: AsyncConnection, run_id: RunId, epoch: Epoch, ref: str, sha: Sha) -> None:
    """Let the run begin at this commit of this branch. No step of it may have begun: each is known by its base."""
    await held(db, _held(run_id, epoch).values(base_ref=ref, base_sha=sha))


async def set_pull(db: AsyncConnection, run_id: RunId, epoch: Epoch, number: int) -> None:
    """Remember the run's pull request, so that what is said there finds the run."""
    await held(db, _held(run_id, epoch).values(pull_number=number))


async def raise_budget(db: AsyncConnection, run_id: RunId, epoch: Epoch, usd: Decimal) -> None:
    """Let the run and its parts cost so much more. Its lease holder says so once for each word of a person."""
    await held(db, _held(run_id, epoch).values(extra_usd=_t.extra_usd + usd))


async def wake_for_budget(db: AsyncConnection, run_id: RunId, now: datetime) -> None:
    """Queue the parts of the run that wait until it may cost more; the clock rings for them."""
    below = sa.select(_t.id).where(_t.parent_id == run_id).cte("below", recursive=True)
    below = below.union_all(sa.select(_t.id).where(_t.parent_id == below.c.id))
    waiting = sa.select(_t.id).where(_t.id.in_(sa.select(below.c.id)), _t.waiting_for == WaitingFor.budget)
    for part in (await db.execute(waiting.order_by(_t.id))).scalars().all():
        await wake(db, RunId(part), now)


async def reset_attempts(db: AsyncConnection, run_id: RunId, epoch: Epoch) -> None:
    """Only attempts that fail one after another count, and only outages without headway in between."""
    await held(db, _held(run_id, epoch).values(attempts=0, outages=0, away_seconds=0))


async def got_on(db: AsyncConnection, run_id: RunId, epoch: Epoch) -> None:
    """A step is done: what failed before it does not count any more, and what it waited for came."""
    await held(db, _held(run_id, epoch).values(attempts=0, outages=0, away_seconds=0, waiting=None))


async def ring(db: AsyncConnection, run_id: RunId) -> int:
    """The number of this ring of the run's doorbell, from 1: no two rings share one."""
    statement = sa.update(runs).where(_t.id == run_id).values(rings=_t.rings + 1).returning(_t.rings)
    number: int = (await db.execute(statement)).scalar_one()
    return number


async def lock(db: AsyncConnection, run_id: RunId) -> bool:
    """Hold the run's row until the transaction ends, whoever has the lease. False: there is no such run."""
    query = sa.select(_t.id).where(_t.id == run_id).with_for_update(key_share=True)
    return (await db.execute(query)).first() is not None


async def lock_in_order(db: AsyncConnection, run_ids: Iterable[RunId]) -> None:
    """Hold the rows of these runs until the transaction ends.

    A transaction that writes to several runs calls it first: all of them take the rows in the same order, so that two
    that mean the same runs cannot each wait for the other.
    """
    if wanted := set(run_ids):
        rows = sa.select(_t.id).where(_t.id.in_(wanted)).order_by(_t.id)
        await db.execute(rows.with_for_update(key_share=True))


def _move(trigger: Trigger, run_id: RunId, **values: Any) -> sa.Update:
    """The one way a run changes state: out of the states the table names, into the one it names."""
    return (
        sa.update(runs)
        .where(_t.id == run_id, _t.state.in_(sorted(sources(trigger))))
        .values(state=target(trigger), **values)
    )


def _held_move(trigger: Trigger, run_id: RunId, epoch: Epoch, **values: Any) -> sa.Update:
    return _move(trigger, run_id, lease_owner=None, lease_until=None, **values).where(_t.epoch == epoch)


def _held(run_id: RunId, epoch: Epoch) -> sa.Update:
    return sa.update(runs).where(_t.id == run_id, _t.epoch == epoch, _t.state == RunState.running)


def _put_off_until(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_t.not_before.is_(None), _t.not_before <= now)


async def _runs(db: AsyncConnection, query: sa.Select[Any]) -> list[Run]:
    return [run_of(row) for row in (await db.execute(query)).mappings()]
