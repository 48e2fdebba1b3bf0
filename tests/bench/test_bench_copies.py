"""What is measured beside many runs is measured beside whole runs; the one they are copied from stays as it was."""

from datetime import UTC, datetime
from pathlib import Path

from adapters.store import effects, events, headway, open_store, runs, steps
from adapters.store.headway import CameTo
from benchmarks.copies import copy
from core.digests import digest
from core.effects import PostComment
from core.names import Repo, RunId, Sha, Subject, SubjectKind, WorkerId
from core.runs import NewEffect, NewRun, Snapshot
from core.states import RunState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPO = Repo(id=1, owner="acme", name="widgets", installation_id=1)


async def test_copies_of_a_run_are_whole_runs_of_subjects_of_their_own(tmp_path: Path):
    async with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        await store.migrate()
        async with store.begin() as db:
            await runs.insert(db, _run())
            epoch = await runs.claim(db, RunId("one"), WorkerId("w"), NOW, 60)
            assert epoch is not None
            done = CameTo("plan", digest("step", "plan"), {"files": 2}, "two files")
            await headway.make(db, RunId("one"), epoch, NOW, done=done)
            act = PostComment(number=7, body="hello")
            await effects.insert(db, NewEffect(key="run:one:hello", run_id=RunId("one"), repo=REPO, act=act, at=NOW))
        copy(tmp_path / "store.db", "one", 300)
        async with store.read() as db:
            assert (await runs.counts(db))[RunState.running] == 301
            last = RunId("z00000000300")
            assert [memo.output for memo in await steps.all_(db, last)] == [{"files": 2}]
            journal = await events.of_run(db, last)
            assert events.verify(journal, await events.head(db, last)) is None
            assert [effect.key for effect in await effects.of_run(db, last)] == [f"run:{last}:hello"]
            assert [run.id for run in await runs.of_subject(db, REPO.id, 7)] == ["one"]


def _run() -> NewRun:
    return NewRun(
        id=RunId("one"),
        workflow="empty",
        workflow_text="",
        workflow_digest=digest("workflow", ""),
        repo=REPO,
        subject=Subject(kind=SubjectKind.issue, number=7),
        base_ref="main",
        base_sha=Sha("a" * 40),
        trigger_key="one",
        requester="rosa",
        source="test",
        snapshot=Snapshot(title="t", body="b", author="rosa", author_association="MEMBER", taken_at=NOW),
        inputs={},
        created_at=NOW,
    )
