"""The audit journal: complete, in order, and impossible to change unseen."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.store import Store, events, runs
from core.names import Digest
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
