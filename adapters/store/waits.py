"""What waits for people in a repository: runs that are not over, each with what it waits for and since when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import events, runs
from core.names import RunId, SubjectKind, Value
from core.runs import Waiting
from core.states import WaitingFor

_t, _e = runs.c, events.c

_UNFINISHED = "ended_at IS NULL AND parent_id IS NULL AND behind_id IS NULL AND subject_kind"
_WHICH = (f"{_UNFINISHED} <> 'repository'", f"{_UNFINISHED} = 'repository'")
"""As the two indexes say it that know a repository's unfinished runs: SQLite takes them for nothing else."""
_OF_PEOPLE = (WaitingFor.approval, WaitingFor.answer, WaitingFor.budget)


class Wait(Value):
    """A run that waits. While somebody looks at what came in, it is what the run waited for until then."""

    run_id: RunId
    workflow: str
    kind: SubjectKind
    number: int
    """What the run is about; 0: the repository."""
    pull: int | None
    waiting: Waiting
    since: datetime


async def of_repository(db: AsyncConnection, repo_id: int, limit: int) -> list[Wait]:
    """What the unfinished runs of the repository wait for, the oldest runs first; what a part of one waits for is told
    as its own. Those that wait for nothing, or only for their parts, are not among them."""
    found: list[sa.RowMapping] = []
    columns = (_t.id, _t.workflow, _t.subject_kind, _t.subject_number, _t.pull_number, _t.created_at, _t.waiting)
    for which in _WHICH:
        query = sa.select(*columns).where(_t.repo_id == repo_id, sa.text(which), _t.waiting.is_not(None))
        found += (await db.execute(query.order_by(_t.created_at, _t.id).limit(limit))).mappings()
    asked = {row["id"]: (row["id"], Waiting.model_validate(row["waiting"])) for row in found}
    asked |= await _of_parts(db, [key for key, (_, one) in asked.items() if one.what is WaitingFor.parts])
    since = await _since(db, [run_id for run_id, _ in asked.values()])
    return [
        Wait(
            run_id=row["id"],
            workflow=row["workflow"],
            kind=row["subject_kind"],
            number=row["subject_number"],
            pull=row["pull_number"],
            waiting=waiting,
            since=since.get(run_id, row["created_at"]),
        )
        for row in sorted(found, key=lambda row: (row["created_at"], row["id"]))
        for run_id, waiting in (asked[row["id"]],)
        if waiting.what is not WaitingFor.parts
    ]


async def _of_parts(db: AsyncConnection, wholes: Sequence[str]) -> dict[str, tuple[str, Waiting]]:
    """By run, the first of its parts that waits for a person."""
    if not wholes:
        return {}
    below = sa.select(_t.id, _t.parent_id.label("whole")).where(_t.parent_id.in_(wholes)).cte("below", recursive=True)
    below = below.union_all(sa.select(_t.id, below.c.whole).where(_t.parent_id == below.c.id))
    query = sa.select(below.c.whole, _t.id, _t.waiting).join(below, below.c.id == _t.id)
    query = query.where(_t.waiting_for.in_(_OF_PEOPLE)).order_by(_t.created_at.desc(), _t.id.desc())
    rows = (await db.execute(query)).mappings()
    return {row["whole"]: (row["id"], Waiting.model_validate(row["waiting"])) for row in rows}


async def _since(db: AsyncConnection, run_ids: Sequence[str]) -> dict[str, datetime]:
    """By run, since when it waits for this: a look in between, or other words for it, begin nothing anew."""
    if not run_ids:
        return {}
    names = ("run.waiting", "step.finished")
    query = sa.select(_e.run_id, _e.name, _e.at, _e.facts).where(_e.run_id.in_(run_ids), _e.name.in_(names))
    found: dict[str, tuple[Any, datetime]] = {}
    for row in await db.execute(query.order_by(_e.run_id, _e.seq)):
        if row.name == "step.finished":
            found.pop(row.run_id, None)
            continue
        about = row.facts.get("what"), row.facts.get("digest")
        if row.run_id not in found or found[row.run_id][0] != about:
            found[row.run_id] = about, row.at
    return {run_id: at for run_id, (_, at) in found.items()}
