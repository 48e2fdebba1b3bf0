"""Small true values to begin with; each test says only what it cares about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.store import Store, runs
from core.effects import PostComment
from core.names import Digest, Epoch, Repo, RunId, Sha, Subject, SubjectKind, WorkerId
from core.runs import Approval, Delivery, NewEffect, NewRun, NewSignal, SignalKind, Snapshot, Waiting
from core.states import WaitingFor

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
REPO = Repo(id=77, owner="octo", name="tools", installation_id=5)
RUN = RunId("run000000001")
HASH = Digest("a" * 64)
WORKER = WorkerId("worker-1")


def in_seconds(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_delivery(guid: str = "guid-1", **changes: Any) -> Delivery:
    return Delivery(
        **{"hook_id": "9", "guid": guid, "event": "issues", "body": b'{"a":1}', "received_at": NOW} | changes
    )


def a_run(number: int = 1, **changes: Any) -> NewRun:
    """A run of its own issue, with its own trigger: two with different numbers never meet."""
    values: dict[str, Any] = {
        "id": RunId(f"run{number:09d}"),
        "workflow": "implement",
        "workflow_text": "name: implement\n",
        "workflow_digest": HASH,
        "repo": REPO,
        "subject": Subject(kind=SubjectKind.issue, number=number),
        "base_ref": "main",
        "base_sha": Sha("b" * 40),
        "trigger_key": f"comment:IC_{number}:0:implement",
        "requester": "alice",
        "source": f"comment {number}",
        "source_comment_id": 1000 + number,
        "snapshot": Snapshot(title="slugify", body="drops ü", author="bob", author_association="NONE", taken_at=NOW),
        "inputs": {"task": "keep ü"},
        "created_at": NOW,
    }
    return NewRun(**values | changes)


def a_signal(key: str = "comment:IC_9:0:approve", **changes: Any) -> NewSignal:
    return NewSignal(**{"key": key, "run_id": RUN, "kind": SignalKind.approve, "actor": "carol", "at": NOW} | changes)


def an_effect(key: str = "run000000001/comment/plan", **changes: Any) -> NewEffect:
    act = PostComment(number=1, body="Here is the plan.")
    return NewEffect(**{"key": key, "run_id": RUN, "repo": REPO, "act": act, "at": NOW} | changes)


def an_approval(**changes: Any) -> Approval:
    return Approval(
        **{"run_id": RUN, "gate": "plan-approved", "digest": HASH, "actor": "carol", "role": "write", "at": NOW}
        | changes
    )


def a_wait(**changes: Any) -> Waiting:
    return Waiting(**{"what": WaitingFor.approval, "why": "the plan touches 9 files", "person": "carol"} | changes)


async def started(store: Store, number: int = 1, **changes: Any) -> RunId:
    """A queued run."""
    run = a_run(number, **changes)
    async with store.begin() as db:
        assert await runs.insert(db, run) is runs.Inserted.started
    return run.id


async def claimed(store: Store, number: int = 1, **changes: Any) -> tuple[RunId, Epoch]:
    """A run under a lease of a minute."""
    run_id = await started(store, number, **changes)
    async with store.begin() as db:
        epoch = await runs.claim(db, run_id, WORKER, NOW, 60)
    assert epoch is not None
    return run_id, epoch
