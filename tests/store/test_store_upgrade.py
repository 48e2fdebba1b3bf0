"""A database of the first version, with something in every table, is brought up to date and loses nothing."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from adapters.store import Store, artifacts, costs, deliveries, effects, events, migrations, open_store, runs, steps
from core.effects import PostComment
from core.names import RunId
from core.runs import EffectState
from core.states import RunState, WaitingFor

from .examples import HASH, NOW, REPO, WORKER, a_delivery

FIRST = "0001"
AT = 1_772_366_400_123_456
"""NOW, as the tables hold times."""
RUN = RunId("run000000001")

ROWS: Mapping[str, Mapping[str, Any]] = {
    "deliveries": {
        "hook_id": "9",
        "guid": "guid-1",
        "event": "issues",
        "body": b'{"a":1}',
        "received_at": AT,
        "state": "pending",
        "attempts": 2,
        "error": "GitHub is down",
    },
    "installations": {"id": 5, "account": "octo", "suspended": False},
    "leases": {"name": "clock", "owner": "worker-9", "until": AT},
    "repositories": {"id": 77, "owner": "octo", "name": "tools", "installation_id": 5},
    "runs": {
        "id": RUN,
        "workflow": "implement",
        "workflow_text": "name: implement\n",
        "workflow_digest": HASH,
        "repo_id": 77,
        "repo": REPO.model_dump(mode="json"),
        "subject_kind": "issue",
        "subject_number": 1,
        "base_ref": "main",
        "base_sha": "b" * 40,
        "trigger_key": "comment:IC_1:0:implement",
        "requester": "ålice",
        "source": "comment 1",
        "snapshot": {
            "title": "slugify",
            "body": "drops ü",
            "author": "bob",
            "author_association": "NONE",
            "taken_at": NOW.isoformat(),
        },
        "inputs": {"task": "keep ü"},
        "created_at": AT,
        "state": "waiting",
        "epoch": 3,
        "attempts": 1,
        "waiting_for": "approval",
        "waiting": {"what": "approval", "why": "the plan touches 9 files", "person": "carol"},
        "rings": 4,
        "updated_at": AT,
    },
    "approvals": {"id": 1, "run_id": RUN, "gate": "plan", "digest": HASH, "actor": "carol", "role": "write", "at": AT},
    "artifacts": {
        "run_id": RUN,
        "name": "plan",
        "digest": HASH,
        "size": 11,
        "media_type": "text/plain",
        "at": AT,
    },
    "costs": {
        "run_id": RUN,
        "step_key": "plan/1",
        "repo_id": 77,
        "issue": 1,
        "model": "m",
        "input_tokens": 10,
        "output_tokens": 20,
        "cost_usd": 123_456,
        "at": AT,
    },
    "effects": {
        "id": 1,
        "key": "run:run000000001:plan",
        "run_id": RUN,
        "repo": REPO.model_dump(mode="json"),
        "act": PostComment(number=1, body="Here is the plan.").model_dump(mode="json"),
        "at": AT,
        "state": "done",
        "attempts": 1,
        "receipt": {"comment_id": 7},
    },
    "events": {
        "run_id": RUN,
        "seq": 1,
        "at": AT,
        "name": "run.queued",
        "actor": "ålice",
        "facts": {"n": 1.5},
        "hash": "c" * 64,
    },
    "signals": {
        "id": 1,
        "key": "comment:IC_9:0:approve",
        "run_id": RUN,
        "kind": "approve",
        "actor": "carol",
        "text": "",
        "at": AT,
        "outcome": "approved",
    },
    "steps": {
        "run_id": RUN,
        "key": "plan",
        "ordinal": 1,
        "input_hash": HASH,
        "state": "done",
        "output": {"files": ["ü.py"]},
        "cost_usd": 123_456,
        "started_at": AT,
        "ended_at": AT,
    },
}
"""One row of each table of the first version, as that version wrote it."""


def _made_by_the_first_version(connection: sa.Connection) -> None:
    migrations.upgrade(connection, FIRST)
    tables = _tables(connection)
    assert set(ROWS) == set(tables) - {"alembic_version"}, "a row for every table of the first version"
    for name, row in ROWS.items():
        connection.execute(sa.insert(tables[name]).values(row))


def _tables(connection: sa.Connection) -> Mapping[str, sa.Table]:
    found = sa.MetaData()
    found.reflect(connection)
    return found.tables


def _content(connection: sa.Connection) -> Mapping[str, Mapping[str, Any]]:
    """The one row of every table that the first version knew, with what stands in it."""
    tables = _tables(connection)
    rows = {name: connection.execute(sa.select(tables[name])).mappings().one() for name in ROWS}
    return {name: {column: value for column, value in row.items() if value is not None} for name, row in rows.items()}


async def _upgraded(store: Store) -> None:
    async with store.begin() as db:
        await db.run_sync(_made_by_the_first_version)
    await store.migrate()


async def test_every_row_of_the_first_version_is_kept_to_the_letter(empty_url: str):
    async with open_store(empty_url) as store:
        await _upgraded(store)
        async with store.read() as db:
            content = await db.run_sync(_content)
            assert await db.run_sync(migrations.behind) is None
    assert {name: {column: content[name][column] for column in row} for name, row in ROWS.items()} == ROWS


async def test_the_code_reads_what_the_first_version_wrote_and_goes_on_with_it(empty_url: str):
    async with open_store(empty_url) as store:
        await _upgraded(store)
        async with store.begin() as db:
            run = await runs.require(db, RUN)
            assert (run.state, run.requester, run.epoch, run.outages) == (RunState.waiting, "ålice", 3, 0)
            assert run.waiting is not None
            assert (run.waiting.what, run.waiting.person) == (WaitingFor.approval, "carol")
            assert [step.output for step in await steps.all_(db, RUN)] == [{"files": ["ü.py"]}]
            assert (await effects.require(db, "run:run000000001:plan")).state is EffectState.done
            assert [entry.facts for entry in await events.of_run(db, RUN)] == [{"n": 1.5}]
            assert str((await costs.of_run(db, RUN)).cost_usd) == "0.123456"
            assert [one.name for one in await artifacts.of_run(db, RUN)] == ["plan"]
            assert await deliveries.pending(db, NOW, 10) == [a_delivery()]
            assert await runs.wake(db, RUN, NOW)
            assert await runs.claim(db, RUN, WORKER, NOW, 60) == 4
            await events.append(db, RUN, name="step.started", actor="pullwright", facts={}, at=NOW)
            assert [entry.seq for entry in await events.of_run(db, RUN)] == [1, 2]
