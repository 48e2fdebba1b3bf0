"""Boards: the pinned issue of each repository that has one. One row each; whoever works on it takes it for a minute."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements import insert as insert_into
from adapters.store.tables import boards
from core.boards import Ask, Board
from core.names import Digest

TAKEN_SECONDS = 60

_t = boards.c


async def ask(db: AsyncConnection, repo_id: int, new: Ask) -> bool:
    """Somebody wants the board. False: it was ended after that was said, or this very word is known.

    A delivery that comes again, or late, opens nothing that a person closed since.
    """
    first = {"repo_id": repo_id, "generation": 0, "asks": [], "failures": 0}
    await db.execute(insert_into(db, boards).values(first).on_conflict_do_nothing(index_elements=["repo_id"]))
    row = (await db.execute(sa.select(boards).where(_t.repo_id == repo_id).with_for_update())).mappings().one()
    asks = _board(row).asks
    if any(one.key == new.key for one in asks) or (row["ended_at"] is not None and new.at < row["ended_at"]):
        return False
    kept = [one.model_dump(mode="json") for one in (*asks, new)]
    await db.execute(sa.update(boards).where(_t.repo_id == repo_id).values(asks=kept, look_at=new.at))
    return True


async def touched(db: AsyncConnection, repo_id: int, now: datetime) -> None:
    """What stands in the issue is not known any more: look at it."""
    going = sa.update(boards).where(_t.repo_id == repo_id, _t.look_at.is_not(None))
    await db.execute(going.values(shown=None, look_at=now))


async def number_of(db: AsyncConnection, repo_id: int) -> int | None:
    """The issue that is the repository's board, ended or not."""
    number: int | None = (await db.execute(sa.select(_t.number).where(_t.repo_id == repo_id))).scalar_one_or_none()
    return number


async def due(db: AsyncConnection, now: datetime, limit: int) -> list[int]:
    """The repositories whose boards are to be looked at now, those that waited longest first."""
    query = sa.select(_t.repo_id).where(_t.look_at <= now, _free(now)).order_by(_t.look_at, _t.repo_id).limit(limit)
    return list((await db.execute(query)).scalars())


async def take(db: AsyncConnection, repo_id: int, now: datetime) -> Board | None:
    """The board, which nobody else works on for the next minute; None where somebody does, or it is not due.

    One statement, so that of two that find it due one gets it.
    """
    mine = sa.update(boards).where(_t.repo_id == repo_id, _t.look_at <= now, _free(now))
    taken = mine.values(taken_until=now + timedelta(seconds=TAKEN_SECONDS)).returning(*boards.c)
    row = (await db.execute(taken)).mappings().first()
    return _board(row) if row is not None else None


async def made(db: AsyncConnection, board: Board, number: int) -> None:
    """The issue is there. What stands in it is not known yet."""
    await db.execute(_of(board).values(number=number, shown=None))


async def renew(db: AsyncConnection, board: Board) -> Board:
    """Let another issue take the place of one that is gone; the key of its making is new."""
    await db.execute(_of(board).values(number=None, shown=None, generation=board.generation + 1))
    return board.model_copy(update={"number": None, "shown": None, "generation": board.generation + 1})


async def shows(db: AsyncConnection, board: Board, shown: Digest, look_at: datetime) -> None:
    """This text stands in the issue, and whoever asked until now is answered in the same transaction."""
    asks = await _without(db, board.repo_id, {one.key for one in board.asks})
    done = {"shown": shown, "asks": asks, "ended_at": None, "failures": 0, "taken_until": None, "look_at": look_at}
    await db.execute(_of(board).values(done))


async def end(db: AsyncConnection, board: Board, at: datetime) -> None:
    """A person ended it, or it cannot be made: it is left alone until somebody asks after that."""
    left = await _without(db, board.repo_id, {one.key for one in board.asks})
    look = at if left else None
    await db.execute(_of(board).values(asks=left, ended_at=at, look_at=look, taken_until=None, shown=None, failures=0))


async def put_off(db: AsyncConnection, repo_id: int, until: datetime | None, *, failed: bool) -> None:
    """Give it back until then. None: there is nothing to look at any more."""
    values = {"look_at": until, "taken_until": None, "failures": _t.failures + int(failed)}
    await db.execute(sa.update(boards).where(_t.repo_id == repo_id).values(values))


async def _without(db: AsyncConnection, repo_id: int, keys: Collection[str]) -> list[object]:
    """What was asked meanwhile."""
    row = (await db.execute(sa.select(boards).where(_t.repo_id == repo_id).with_for_update())).mappings().one()
    return [one.model_dump(mode="json") for one in _board(row).asks if one.key not in keys]


def _of(board: Board) -> sa.Update:
    return sa.update(boards).where(_t.repo_id == board.repo_id)


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_t.taken_until.is_(None), _t.taken_until <= now)


def _board(row: sa.RowMapping) -> Board:
    return Board.model_validate({name: row[name] for name in Board.model_fields})
