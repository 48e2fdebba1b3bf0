"""Costs: what models were paid for, one row per recorded call. Unpriced is not free."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import parts
from adapters.store.columns import dollars
from adapters.store.statements import changed
from adapters.store.statements import insert as insert_into
from adapters.store.tables import costs, runs
from core.completions import Usage
from core.names import RunId, Value
from core.records import Call

_t = costs.c


class Totals(Value):
    cost_usd: Decimal | None
    """The sum of what has a price; None where there were calls and none of them has one."""
    unpriced_calls: int
    """Calls that cost more than `cost_usd` tells."""
    input_tokens: int
    output_tokens: int


async def add(
    db: AsyncConnection,
    run_id: RunId,
    repo_id: int,
    issue: int,
    step_key: str,
    model: str,
    usage: Usage,
    at: datetime,
) -> bool:
    """Count a call once. False: this key of the run is counted already."""
    row = {
        "run_id": run_id,
        "repo_id": repo_id,
        "issue": issue,
        "step_key": step_key,
        "model": model,
        "at": at,
        **usage.model_dump(),
    }
    statement = insert_into(db, costs).values(row).on_conflict_do_nothing(index_elements=["run_id", "step_key"])
    return await changed(db, statement) == 1


async def calls(db: AsyncConnection, run_id: RunId) -> list[Call]:
    """Every call that was counted for the run, in order."""
    columns = [_t[name] for name in Call.model_fields]
    query = sa.select(*columns).where(_t.run_id == run_id).order_by(_t.at, _t.step_key)
    return [Call(**row) for row in (await db.execute(query)).mappings()]


async def of_run(db: AsyncConnection, run_id: RunId) -> Totals:
    """What the run cost, with all of its parts."""
    return await _totals(db, _t.run_id.in_(parts.family(run_id)))


async def of_issue(db: AsyncConnection, repo_id: int, issue: int) -> Totals:
    """All runs about this issue or pull request together."""
    return await _totals(db, sa.and_(_t.repo_id == repo_id, _t.issue == issue))


USUAL_RUNS = 20
"""How many of a workflow's newest runs that cost something the average is taken of."""


async def usual(db: AsyncConnection, repo_id: int) -> dict[str, Decimal]:
    """What a whole run of each workflow cost in this repository, on average of those that were paid for lately."""
    lately = sa.select(runs.c.id, runs.c.workflow).where(runs.c.repo_id == repo_id, runs.c.parent_id.is_(None))
    lately = lately.where(runs.c.ended_at.is_not(None)).order_by(runs.c.created_at.desc()).limit(USUAL_RUNS * 10)
    found: dict[str, list[Decimal]] = {}
    for run_id, workflow in (await db.execute(lately)).all():
        if len(paid := found.setdefault(workflow, [])) < USUAL_RUNS:
            cost = (await of_run(db, RunId(run_id))).cost_usd
            if cost:
                paid.append(cost)
    return {workflow: sum(paid, Decimal(0)) / len(paid) for workflow, paid in found.items() if paid}


async def _totals(db: AsyncConnection, which: sa.ColumnElement[bool]) -> Totals:
    calls, priced = sa.func.count(), sa.func.count(_t.cost_usd)
    query = sa.select(
        calls.label("calls"),
        priced.label("priced"),
        # PostgreSQL sums big integers as decimals; the cast gives both databases' sums one type.
        sa.func.coalesce(sa.cast(sa.func.sum(sa.type_coerce(_t.cost_usd, sa.BigInteger)), sa.BigInteger), 0).label(
            "micros"
        ),
        sa.func.coalesce(sa.cast(sa.func.sum(_t.input_tokens), sa.BigInteger), 0).label("input_tokens"),
        sa.func.coalesce(sa.cast(sa.func.sum(_t.output_tokens), sa.BigInteger), 0).label("output_tokens"),
    ).where(which)
    row = (await db.execute(query)).one()
    return Totals(
        cost_usd=None if row.calls and not row.priced else dollars(row.micros),
        unpriced_calls=row.calls - row.priced,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
    )
