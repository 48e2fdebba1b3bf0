"""`runs export` and `runs replay` at their edges: what is refused, and in which words."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapters.store import open_store, runs
from bot.cli import cli
from core.digests import digest
from core.names import Repo, RunId, Sha, Subject, SubjectKind
from core.runs import NewRun, Snapshot

RUN = RunId("abcdefghijkl")
TEXT = "name: own\nsteps: [{id: see, run: ls}]\n"


@pytest.fixture
def queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that nobody looked at yet, in the data folder; the working folder is another one."""
    at = datetime(2026, 3, 4, tzinfo=UTC)

    async def insert() -> None:
        async with open_store(f"sqlite:///{tmp_path}/pullwright.db") as store:
            await store.migrate()
            async with store.begin() as db:
                snapshot = Snapshot(title="t", body="b", author="rosa", author_association="NONE", taken_at=at)
                run = NewRun(
                    id=RUN,
                    workflow="own",
                    workflow_text=TEXT,
                    workflow_digest=digest("workflow", TEXT),
                    repo=Repo(id=1, owner="acme", name="widgets", installation_id=1),
                    subject=Subject(kind=SubjectKind.issue, number=7),
                    base_ref="main",
                    base_sha=Sha("1" * 40),
                    trigger_key="k",
                    requester="rosa",
                    source="label",
                    snapshot=snapshot,
                    created_at=at,
                )
                await runs.insert(db, run)

    asyncio.run(insert())
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PULLWRIGHT_DATA_DIR", str(tmp_path))


def pullwright(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_a_run_is_written_here_under_its_id_and_read_again(queued: Any) -> None:
    ended = pullwright("runs", "export", "abcd")
    assert (ended.exit_code, ended.stdout) == (0, f"Run {RUN} is in {RUN}.json: 0 records, 0 entries.\n")
    assert json.loads(Path(f"{RUN}.json").read_text())["pullwright"] == 1
    assert pullwright("runs", "replay", f"{RUN}.json").stdout == (
        "The run is what its record says: 0 steps, 0 replies, 0 commands.\n"
    )


def test_the_json_of_both_is_one_document(queued: Any) -> None:
    told = json.loads(pullwright("runs", "export", RUN, "--out", "x.json", "--json").stdout)
    assert told == {"run": RUN, "file": "x.json", "bytes": Path("x.json").stat().st_size, "redacted": []}
    assert json.loads(pullwright("runs", "replay", RUN, "--json").stdout) == {
        "run": RUN,
        "same": True,
        "difference": None,
        "steps": 0,
        "replies": 0,
        "commands": 0,
        "taken": [],
        "uncompared": 0,
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("export", "zzz"), "'zzz' names no run."),
        (("replay", "zzz"), "'zzz' names no run."),
        (("export", RUN, "--out", "taken.json"), "taken.json is there already."),
        (("export", RUN, "--out", "no/such/x.json"), "no/such/x.json cannot be written: No such file or directory."),
        (("replay", "taken.json"), "taken.json is no record of a run: `run`: Field required."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_said_in_one_sentence(queued: Any, arguments: tuple[str, ...], why: str) -> None:
    Path("taken.json").write_text("{}")
    assert str(pullwright("runs", *arguments).exception) == why
    assert Path("taken.json").read_text() == "{}"
