"""`runs` and `deliveries`: what the store holds, for people and for programs."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store import Store, costs, deliveries, events, open_store, runs
from core.completions import Usage
from core.names import Digest, Repo, RunId, Sha, Subject, SubjectKind
from core.runs import Delivery, NewRun, Snapshot

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RUN = RunId("abcdefghijkl")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/pullwright.db") as store:
        await store.migrate()
        yield store


@pytest.fixture
async def run(store: Store) -> NewRun:
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
        snapshot=Snapshot(title="t", body="b", author="rosa", author_association="NONE", taken_at=AT),
        created_at=AT,
    )
    usage = Usage(input_tokens=1000, output_tokens=50, cost_usd=Decimal("0.0123"))
    async with store.begin() as db:
        await runs.insert(db, run)
        await events.append(db, RUN, name="run.queued", actor="rosa", facts={"source": "label"}, at=AT)
        sly = {"why": "it says \x1b[2J\u202ehello", "paths": ["a.py", "b.py"], "nothing": None}
        await events.append(db, RUN, name="step.finished", actor="pullwright", facts=sly, at=AT)
        await costs.add(db, RUN, 1, 7, "plan", "openai/m", usage, AT)
    return run


async def test_the_journal_tells_who_what_why_and_cost_in_order(pullwright, run):
    assert pullwright("runs", "show", "abcd").stdout == (
        "Run abcdefghijkl: implement on acme/widgets#7, asked for by rosa\n"
        "State: queued\n"
        "Cost: $0.0123 (1000 tokens in, 50 out)\n"
        "\n"
        "   1  2026-03-04 05:06:07  rosa  run.queued\n"
        "      source: label\n"
        "   2  2026-03-04 05:06:07  pullwright  step.finished\n"
        "      why: it says \\x1b[2J\\u202ehello\n"
        "      paths: a.py, b.py\n"
    )


async def test_the_journal_as_json_is_one_document_and_says_that_it_is_intact(pullwright, run):
    told = json.loads(pullwright("runs", "show", RUN, "--json").stdout)
    assert [entry["name"] for entry in told["journal"]] == ["run.queued", "step.finished"]
    assert told["journal_intact"] is True
    assert told["cost"]["cost_usd"] == "0.0123"
    assert told["run"]["requester"] == "rosa"


async def test_runs_are_listed_by_state(pullwright, run):
    assert "abcdefghijkl  queued  implement  acme/widgets#7  rosa" in pullwright("runs", "list").stdout
    assert json.loads(pullwright("runs", "list", "--state", "failed", "--json").stdout) == []


async def test_a_run_that_is_not_there_ends_with_1(pullwright, run):
    ended = pullwright("runs", "show", "zzz")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "pullwright: 'zzz' names no run.\n`pullwright runs list` shows the ids.\n"


async def test_deliveries_are_listed_with_what_became_of_them(pullwright, store):
    async with store.begin() as db:
        one = Delivery(hook_id="1", guid="g-1", event="issues", body=b"{}", received_at=AT)
        await deliveries.insert(db, [one])
        await deliveries.routed(db, one, "ignored: nothing listens", AT)
    told = json.loads(pullwright("deliveries", "list", "--json").stdout)
    assert [(entry["guid"], entry["state"], entry["outcome"]) for entry in told] == [
        ("g-1", "routed", "ignored: nothing listens")
    ]
    assert "g-1   issues  2026-03-04 05:06:07  2      routed  ignored: nothing listens" in (
        pullwright("deliveries", "list").stdout
    )


async def test_the_lines_of_a_text_in_the_journal_are_joined_by_spaces(pullwright, run, store):
    async with store.begin() as db:
        facts = {"body": "### Plan\n\n1. Read.\n2. Write.\x1b[2J"}
        await events.append(db, RUN, name="effect.intended", actor="pullwright", facts=facts, at=AT)
    assert "      body: ### Plan 1. Read. 2. Write.\\x1b[2J\n" in pullwright("runs", "show", "abcd").stdout


@pytest.mark.parametrize("arguments", [("runs", "list"), ("runs", "show", "abcd"), ("deliveries", "list", "--json")])
def test_before_the_first_start_there_is_nothing_to_show_and_no_database_is_made(pullwright, tmp_path, arguments):
    ended = pullwright(*arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"pullwright: There is no database at {tmp_path}/pullwright.db yet.\n"
        "Start the service once, or set PULLWRIGHT_DATA_DIR or PULLWRIGHT_DATABASE_URL as the service has it.\n"
    )
    assert not (tmp_path / "pullwright.db").exists()


def test_an_empty_database_file_is_one_that_the_first_start_fills(pullwright, tmp_path):
    (tmp_path / "pullwright.db").touch()
    assert f"There is no database at {tmp_path}/pullwright.db yet." in pullwright("runs", "list").stderr
    assert f"ok       database: {tmp_path}/pullwright.db will be made at the first start" in pullwright("doctor").stdout
