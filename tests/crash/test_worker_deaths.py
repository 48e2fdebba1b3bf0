"""A worker that is killed, frozen or told to stop: nothing of it goes on, nothing comes too late, nothing is lost."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa
from crash_service import SHORT_LEASE, Mortal, eventually, open_mortal
from fate import Order
from processes import Process, below, left, process, tell
from story_trust import DONE, NEW, OLD, PATH, PLAN

from adapters.store import StoreUnavailable, events, open_store, tables
from bot.demo.github.records import SeenRequest

WORKER = "worker runs 1"
EDIT = {"edit": {"path": PATH, "old": OLD, "new": NEW}}
GONE_SECONDS = 2.0
DRAINED_SECONDS = 10.0


def _script(*change: dict[str, Any]) -> dict[str, Any]:
    return {"plan": [{"submit": PLAN}], "change": [*change, {"submit": DONE}]}


# Killed


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "horse"])
async def test_a_killed_worker_leaves_no_process_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    long = _script({"run": "sleep 97 & sleep 98"}, EDIT)
    async with open_mortal(tmp_path, monkeypatch, script=long, workers=1) as mortal:
        telling = asyncio.create_task(mortal.story("long-story"))
        worker = mortal.service.pids[WORKER]
        family = await eventually(lambda: _in_the_box(worker, "sleep 98"))
        assert any(one.command.startswith("sleep 97") for one in family)
        assert any("bwrap" in one.command for one in family)
        horses = [one.pid for one in family if one.parent == worker]
        os.kill(worker if victim == "worker" else horses[0], signal.SIGKILL)
        await eventually(lambda: not left(family), GONE_SECONDS)
        telling.cancel()


def _in_the_box(worker: int, command: str) -> list[Process]:
    """All that runs below the worker, once this command is among it."""
    family = below(worker)
    return family if any(one.command.startswith(command) for one in family) else []


# Frozen


@pytest.mark.slow
async def test_a_worker_frozen_before_it_acts_does_not_act_when_another_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_mortal(tmp_path, monkeypatch, workers=2) as mortal:
        mortal.fate.order({"runs": [Order("effect.before_act", (3,), "STOP")]})
        told = await mortal.story("frozen-story")
        assert told.run.state == "succeeded"
        (frozen,) = mortal.fate.deaths()
        await _wakes_and_writes_nothing(mortal, [frozen.pid], frozen.pid)


@pytest.mark.slow
async def test_a_worker_frozen_in_a_model_call_writes_nothing_when_another_has_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str | None
) -> None:
    slow = _script({"hang": 1.5, **EDIT})
    async with open_mortal(tmp_path, monkeypatch, database=database, script=slow, workers=2) as mortal:
        telling = asyncio.create_task(mortal.story("frozen-story"))
        await eventually(lambda: _asked(mortal)["change"])
        worker, horse = await eventually(lambda: _working(mortal))
        frozen = [worker, *(one.pid for one in below(worker))]
        await _freeze(frozen, mortal)
        assert (await telling).run.state == "succeeded"
        await _wakes_and_writes_nothing(mortal, frozen, horse)


async def _freeze(pids: list[int], mortal: Mortal) -> None:
    """Stop them where none is in a write: what stops there holds SQLite's only write lock, and with it everybody."""
    async with asyncio.timeout(20):
        while True:
            tell(signal.SIGSTOP, pids)
            try:
                async with open_store(mortal.service.settings.database_url, busy_seconds=3.0) as store, store.begin():
                    return
            except StoreUnavailable:
                tell(signal.SIGCONT, pids)
                await asyncio.sleep(0.05)


def _working(mortal: Mortal) -> tuple[int, int] | None:
    """The worker that has a job now, and its horse."""
    workers = [pid for name, pid in mortal.service.pids.items() if name.startswith("worker runs")]
    return next(((pid, horse.pid) for pid in workers for horse in below(pid)[:1]), None)


async def _wakes_and_writes_nothing(mortal: Mortal, frozen: list[int], horse: int) -> None:
    await mortal.rest()
    rows, seen = await _rows(mortal), len(mortal.town.github.world.requests)
    comments = mortal.town.github.world.repositories["acme/frozen-story"].issues[1].comments
    said = Counter(comment.body for comment in comments)
    tell(signal.SIGCONT, frozen)
    await eventually(lambda: (found := process(horse)) is None or found.dead, 20)
    await mortal.rest()
    assert [one for one in mortal.town.github.world.requests[seen:] if _writes(one)] == []
    assert Counter(comment.body for comment in comments) == said
    assert await _rows(mortal) == rows


async def _rows(mortal: Mortal) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is stored, but the clock's lease, which it renews."""
    async with mortal.store.read() as db:
        return {
            table.name: sorted((tuple(row) for row in await db.execute(sa.select(table))), key=repr)
            for table in tables.metadata.sorted_tables
            if table is not tables.leases
        }


def _writes(request: SeenRequest) -> bool:
    return request.method != "GET" and not request.path.endswith(("/access_tokens", "/git-upload-pack"))


# Told to stop


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "turns"),
    [
        pytest.param(_script({"hang": 1.5, **EDIT}), 2, id="in a model call"),
        pytest.param(_script({"run": "sleep 8"}, EDIT), 3, id="in a long command"),
    ],
)
async def test_a_worker_told_to_stop_is_gone_in_ten_seconds_and_no_turn_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], turns: int
) -> None:
    # A lease this long does not run out in the test: only a worker that gave it back lets another go on.
    patient = {**SHORT_LEASE, "PULLWRIGHT_LEASE_SECONDS": "600"}
    async with open_mortal(tmp_path, monkeypatch, script=change, settings=patient, workers=1) as mortal:
        telling = asyncio.create_task(mortal.story("told-story"))
        worker = mortal.service.pids[WORKER]
        if turns == 2:
            await eventually(lambda: _asked(mortal)["change"])
        else:
            await eventually(lambda: _in_the_box(worker, "sleep 8"))
        family = below(worker)
        began = monotonic()
        os.kill(worker, signal.SIGTERM)
        await eventually(lambda: mortal.service.pids.get(WORKER) != worker, DRAINED_SECONDS)
        assert monotonic() - began < DRAINED_SECONDS
        assert left(family) == []
        told = await telling
        assert (told.run.state, told.run.ended_why) == ("succeeded", "#2 is merged")
        assert _asked(mortal)["change"] == turns, "no reply was paid for twice"
        async with mortal.store.read() as db:
            journal = await events.of_run(db, told.run.id)
        assert [event.name for event in journal if event.name == "run.postponed"] == []


def _asked(mortal: Mortal) -> "Counter[str]":
    """How often the model was asked, by step."""
    assert mortal.town.model is not None
    return Counter(purpose.partition("/")[2] for purpose in mortal.town.model.requests)
