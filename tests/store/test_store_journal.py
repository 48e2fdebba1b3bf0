"""The audit journal: complete, in order, and impossible to change unseen."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from adapters.store import Store, events, open_store, runs
from core.names import Digest
from core.redaction import Redactor
from core.runs import Event

from .examples import (
    LATER,
    NOW,
    RUN,
    started,
)


async def test_a_journal_comes_back_as_it_was_written_and_its_chain_holds(store: Store):
    await started(store)
    facts = {"amount": Decimal("1.50"), "paths": ("a", "b"), "when": NOW, "odd": "x\0\ud800", "n": 1.0}
    east = timezone(timedelta(hours=9))
    async with store.begin() as db:
        first = await events.append(db, RUN, name="run.started", actor="al\0ice", facts=facts, at=NOW.astimezone(east))
        second = await events.append(db, RUN, name="run.claimed", actor="pullwright", facts={}, at=LATER)
        journal = await events.of_run(db, RUN)
        run = await runs.get(db, RUN)
    assert journal == [first, second]
    assert [event.seq for event in journal] == [1, 2]
    assert first.facts == {
        "amount": "1.50",
        "paths": ["a", "b"],
        "when": "2026-03-01T12:00:00.123456+00:00",
        "odd": "x\ufffd\ufffd",
        "n": 1.0,
    }
    assert events.verify(journal) is None
    assert run is not None
    assert run.updated_at == LATER


async def test_many_appenders_at_once_do_not_fork_the_chain(store: Store, other: Store):
    await started(store)

    async def append(to: Store, number: int) -> None:
        async with to.begin() as db:
            await events.append(db, RUN, name="effect.done", actor="pullwright", facts={"n": number}, at=NOW)

    await asyncio.gather(*(append((store, other)[number % 2], number) for number in range(10)))
    async with store.read() as db:
        journal = await events.of_run(db, RUN)
    assert [event.seq for event in journal] == list(range(1, 11))
    assert events.verify(journal) is None


def _chain(length: int) -> list[Event]:
    journal: list[Event] = []
    for seq in range(1, length + 1):
        previous = journal[-1].hash if journal else None
        facts = {"n": seq}
        link = events._hash(previous, seq, NOW, "step.finished", "alice", facts)
        journal.append(Event(seq=seq, at=NOW, name="step.finished", actor="alice", facts=facts, hash=link))
    return journal


@given(
    length=st.integers(1, 8),
    where=st.integers(0, 7),
    lie=st.sampled_from(
        [
            {"actor": "mallory"},
            {"name": "approval.granted"},
            {"facts": {"n": "1"}},
            {"at": datetime(2026, 1, 1, tzinfo=UTC)},
            {"seq": 99},
            {"hash": Digest("0" * 64)},
        ]
    ),
)
def test_an_entry_that_was_changed_breaks_the_chain_there(length: int, where: int, lie: dict[str, object]):
    journal = _chain(length)
    where %= length
    assert events.verify(journal) is None
    journal[where] = journal[where].model_copy(update=lie)
    assert events.verify(journal) == where + 1


def test_an_entry_that_was_taken_out_or_moved_breaks_the_chain():
    one, two, three = _chain(3)
    assert events.verify([one, three]) == 2
    assert events.verify([two, one, three]) == 1
    assert events.verify([]) is None


async def _of_three(store: Store) -> Digest:
    """A journal of three entries; the hash of the last."""
    await started(store)
    async with store.begin() as db:
        for number in (1, 2, 3):
            last = await events.append(db, RUN, name="x.y", actor="ada", facts={"n": number}, at=NOW)
    return last.hash


async def _verified(store: Store) -> int | None:
    async with store.read() as db:
        return events.verify(await events.of_run(db, RUN), await events.head(db, RUN))


async def _tamper(store: Store, *statements: str) -> None:
    """What somebody does who can write to the database and does not go through us."""
    async with store.begin() as db:
        for statement in statements:
            await db.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("what", "entry"),
    [
        (["UPDATE events SET actor = 'mallory' WHERE seq = 2"], 2),
        (["DELETE FROM events WHERE seq = 2"], 2),
        (["DELETE FROM events WHERE seq = 2", "UPDATE events SET seq = 2 WHERE seq = 3"], 2),
        (["DELETE FROM events WHERE seq = 3"], 3),
        (["DELETE FROM events WHERE seq > 1"], 2),
        (["DELETE FROM events"], 1),
        (["UPDATE runs SET journal_head = '3:00'"], 3),
        (["UPDATE runs SET journal_head = (SELECT '2:' || hash FROM events WHERE seq = 2)"], 3),
        (["UPDATE runs SET journal_head = '0:'"], 1),
    ],
)
async def test_the_head_of_a_journal_shows_what_was_changed_taken_out_added_or_cut_off(store: Store, what, entry):
    await _of_three(store)
    assert await _verified(store) is None
    await _tamper(store, *what)
    assert await _verified(store) == entry


async def test_a_journal_that_was_written_anew_holds_in_itself_and_does_not_fit_its_head(store: Store):
    head = await _of_three(store)
    await _tamper(store, "DELETE FROM events", "UPDATE runs SET journal_head = '0:'")
    async with store.begin() as db:
        for number in (1, 2, 4):
            await events.append(db, RUN, name="x.y", actor="ada", facts={"n": number}, at=NOW)
        assert events.verify(await events.of_run(db, RUN)) is None
    await _tamper(store, f"UPDATE runs SET journal_head = '3:{head}'")
    assert await _verified(store) == 3


async def test_a_run_from_before_heads_were_kept_is_judged_by_its_chain_and_gets_a_head_with_its_next_entry(
    store: Store,
):
    await _of_three(store)
    await _tamper(store, "UPDATE runs SET journal_head = NULL")
    assert await _verified(store) is None
    async with store.begin() as db:
        assert await events.head(db, RUN) is None
        fourth = await events.append(db, RUN, name="x.y", actor="ada", facts={}, at=NOW)
        assert await events.head(db, RUN) == events.Head(4, fourth.hash)
    assert await _verified(store) is None


async def test_an_entry_costs_three_statements_also_the_first(store: Store):
    await started(store)
    heard: list[str] = []
    async with store.begin() as db:
        sa.event.listen(
            db.sync_connection, "before_cursor_execute", lambda _, __, statement, *___: heard.append(statement)
        )
        for number in (1, 2):
            heard.clear()
            await events.append(db, RUN, name="x.y", actor="ada", facts={"n": number}, at=NOW)
            assert [statement.split()[0] for statement in heard] == ["SELECT", "INSERT", "UPDATE"]


async def test_no_secret_enters_a_journal_and_its_chain_holds(url: str, store: Store):
    await started(store)
    token = "ghs_" + "a1B2" * 9
    async with open_store(url, redactor=Redactor("correct horse")) as careful, careful.begin() as db:
        facts = {"why": ["it is correct horse", f"and {token}"], "correct horse": {"n": 1}}
        entry = await events.append(db, RUN, name="x.y", actor="correct horse", facts=facts, at=NOW)
    assert entry.facts == {"why": ["it is [redacted]", "and [redacted]"], "[redacted]": {"n": 1}}
    assert entry.actor == "[redacted]"
    async with store.read() as db:
        assert await events.of_run(db, RUN) == [entry]
    assert await _verified(store) is None
