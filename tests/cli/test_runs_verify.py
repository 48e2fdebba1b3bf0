"""`runs verify`: whether a journal is what was written. The database is tampered with by SQL, as somebody would."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.store import Store, events, open_store, runs
from core.names import Digest, Repo, RunId, Sha, Subject, SubjectKind
from core.runs import NewRun, Snapshot

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RUN = RunId("abcdefghijkl")
TOLD = "The journal of run abcdefghijkl was changed after it was written: entry 3 does not fit."
REMEDY = "Find out who else can write to this database; a backup shows what stood there.\n"

Tamper = Callable[..., None]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/pullwright.db") as store:
        await store.migrate()
        async with store.begin() as db:
            snapshot = Snapshot(title="t", body="b", author="rosa", author_association="NONE", taken_at=AT)
            run = NewRun(
                id=RUN,
                workflow="implement",
                workflow_text="name: implement",
                workflow_digest=Digest("0" * 64),
                repo=Repo(id=1, owner="acme", name="widgets", installation_id=1),
                subject=Subject(kind=SubjectKind.issue, number=7),
                base_ref="main",
                base_sha=Sha("1" * 40),
                trigger_key="k",
                requester="rosa",
                source="label",
                snapshot=snapshot,
                created_at=AT,
            )
            await runs.insert(db, run)
        yield store


@pytest.fixture
async def head(store: Store) -> str:
    """The hash of the third and last entry."""
    async with store.begin() as db:
        for number in (1, 2, 3):
            last = await events.append(db, RUN, name="x.y", actor="ada", facts={"n": number}, at=AT)
    return last.hash


@pytest.fixture
def tamper(tmp_path: Path) -> Tamper:
    def tamper(*statements: str) -> None:
        with closing(sqlite3.connect(tmp_path / "pullwright.db")) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()

    return tamper


async def test_a_journal_that_holds_is_told_in_one_line(pullwright, head):
    ended = pullwright("runs", "verify", "abcd")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"The journal of run abcdefghijkl is what was written: 3 entries, head {head}\n"
    assert json.loads(pullwright("runs", "verify", RUN, "--json").stdout) == {
        "run": "abcdefghijkl",
        "intact": True,
        "entries": 3,
        "head": head,
        "broken_at": None,
    }


async def test_a_journal_that_was_cut_off_ends_with_1_and_names_the_first_entry_that_is_missing(
    pullwright, head, tamper
):
    tamper("DELETE FROM events WHERE seq = 3")
    ended = pullwright("runs", "verify", "abcd", "--json")
    assert (ended.returncode, ended.stderr) == (1, f"pullwright: {TOLD}\n{REMEDY}")
    told = json.loads(ended.stdout)
    assert (told["intact"], told["entries"], told["broken_at"]) == (False, 2, 3)
    assert pullwright("runs", "verify", "abcd").stdout == ""
    shown = pullwright("runs", "show", "abcd", "--json")
    assert (shown.returncode, json.loads(shown.stdout)["journal_intact"], shown.stderr) == (1, False, ended.stderr)


async def test_a_run_without_entries_is_verified_too(pullwright, store):
    assert pullwright("runs", "verify", "abcd").stdout == (
        "The journal of run abcdefghijkl is what was written: 0 entries, head none\n"
    )


async def test_a_run_that_is_not_there_cannot_be_verified(pullwright, store):
    ended = pullwright("runs", "verify", "zzz")
    remedy = "`pullwright runs list` shows the ids."
    assert (ended.returncode, ended.stderr) == (1, f"pullwright: 'zzz' names no run.\n{remedy}\n")
