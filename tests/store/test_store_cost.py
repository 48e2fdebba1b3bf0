"""What a run costs the database stays the same, however many runs came before: no statement reads a whole table."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import (
    Store,
    approvals,
    artifacts,
    claims,
    costs,
    deliveries,
    effects,
    events,
    headway,
    holds,
    open_store,
    runs,
    signals,
    steps,
)
from adapters.store.headway import Begins, CameTo
from core.caps import Caps
from core.completions import Usage
from core.names import WorkerId
from core.states import RunState, Trigger

from .examples import (
    HASH,
    LATER,
    NOW,
    REPO,
    RUN,
    a_delivery,
    a_run,
    a_signal,
    a_wait,
    an_approval,
    an_effect,
)


@contextmanager
def _heard(db: AsyncConnection) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is executed on the connection, with its parameters."""
    heard: list[tuple[str, Any]] = []

    def hear(connection: object, cursor: object, statement: str, parameters: Any, context: object, many: bool) -> None:
        rows = many and isinstance(parameters[0], tuple)  # else one statement for all of them
        heard.append((statement, tuple(parameters[0] if rows else parameters)))

    event.listen(db.sync_connection, "before_cursor_execute", hear)
    yield heard
    event.remove(db.sync_connection, "before_cursor_execute", hear)


async def _a_whole_life(db: AsyncConnection) -> None:
    await deliveries.insert(db, [a_delivery()])
    await deliveries.pending(db, NOW, 10)
    await runs.of_subject(db, REPO.id, 1)
    await runs.about_the_whole(db, REPO.id, NOW, 20)
    await runs.insert(db, a_run())
    await runs.insert(db, a_run(2, trigger_key=a_run().trigger_key))
    await deliveries.routed(db, a_delivery(), "run started", NOW)
    await deliveries.oldest_pending(db)
    await deliveries.passed_by(db, REPO.id, [1, 2], 3)
    await runs.ring(db, RUN)
    await runs.due(db, NOW, 10)
    await holds.on(db, REPO)
    taken = await claims.take(db, WorkerId("w"), NOW, 60, Caps(total=9, per_owner=9, per_repository=9))
    assert taken is not None
    _, epoch = taken
    await runs.renew(db, RUN, epoch, LATER)
    await steps.start(db, RUN, epoch, "plan", HASH, NOW)
    done = CameTo("plan", HASH, {}, "done")
    await headway.make(db, RUN, epoch, NOW, done=done, begins=Begins("change", HASH))
    await costs.add(db, RUN, REPO.id, 1, "plan/1", "m", Usage(cost_usd=Decimal(1)), NOW)
    await costs.of_run(db, RUN)
    await costs.of_issue(db, REPO.id, 1)
    await steps.finish(db, RUN, epoch, "plan", HASH, None, None, NOW)
    await steps.all_(db, RUN)
    await artifacts.record(db, RUN, "plan", HASH, 1, "text/plain", NOW)
    await artifacts.of_run(db, RUN)
    await effects.insert(db, an_effect())
    await effects.acting(db, an_effect().key, epoch, NOW)
    await effects.done(db, an_effect().key, {})
    await effects.pending_loose(db, NOW, 10)
    await runs.park(db, RUN, epoch, a_wait())
    await signals.insert(db, a_signal())
    epoch = await runs.claim(db, RUN, WorkerId("w"), NOW, 60)
    assert epoch is not None
    await signals.pending(db, RUN)
    await signals.applied(db, RUN, epoch, a_signal().key, "approved")
    await approvals.grant(db, an_approval())
    await approvals.standing(db, RUN, "plan-approved", HASH)
    await approvals.void(db, RUN, actor="carol", why="left")
    await events.append(db, RUN, name="run.ended", actor="pullwright", facts={}, at=NOW)
    await events.of_run(db, RUN)
    await runs.end(db, RUN, epoch, Trigger.finish, "merged", None, NOW)
    await runs.recent(db, 20)
    await runs.recent(db, 20, RunState.failed)
    await runs.find(db, "run")


@pytest.fixture
async def sqlite_store(sqlite_template: Any, tmp_path: Any) -> Any:
    file = tmp_path / "store.db"
    file.write_bytes(sqlite_template.read_bytes())
    async with open_store(f"sqlite:///{file}") as store:
        yield store


async def test_no_statement_of_a_runs_life_reads_a_whole_table(sqlite_store: Store):
    async with sqlite_store.begin() as db:
        with _heard(db) as heard:
            await _a_whole_life(db)
        plans = {
            statement: [row.detail for row in await db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in heard
        }
    newest_first = "SCAN runs USING INDEX ix_runs_created_at"  # which stops at its LIMIT
    written = "SCAN 2 CONSTANT ROWS"  # those of an INSERT: no table
    family = "SCAN below"  # what the recursion itself has found so far: no table
    whole = {
        statement: plan
        for statement, plan in plans.items()
        if any(line.startswith("SCAN") and line not in {newest_first, written, family} for line in plan)
    }
    assert len(plans) > 40
    assert whole == {}


async def test_what_is_still_to_be_said_is_found_without_looking_at_all_that_was_said(sqlite_store: Store):
    async with sqlite_store.begin() as db:
        with _heard(db) as heard:
            await effects.pending_loose(db, NOW, 10)
        ((statement, parameters),) = heard
        plan = [row.detail for row in await db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert plan[0] == "SEARCH effects USING INDEX ix_effects_state (state=?)"
