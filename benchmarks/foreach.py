"""How quickly a `foreach` gets through two hundred items that do nothing, on one, two and four worker processes over
one SQLite store: what a list costs beside as many runs that stand for themselves.

Each item is a run of its own with a claim, a lease, a heartbeat and a journal, whose end wakes the run of the list,
which takes in what came of it. The baseline are runs of one empty step, by as many workers on the same store; these
say on GitHub that they began and ended, which items do not. Workers are up before the clock is started, and keep their
services, while one behind Redis makes them anew for each bell.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import yaml

from adapters.store import runs
from benchmarks.crew import PipeBell, crew
from benchmarks.empty import Place, place, workflow
from benchmarks.figures import Figure, Report
from core.names import RunId
from core.states import TERMINAL, RunState

ITEMS = 200
RUNS = 20
"""Of the baseline: a rate needs no more."""
WORKERS = (1, 2, 4)
_LOOK_SECONDS = 0.02
_LOOKS_A_BELL = 100


def empty_list(items: int = ITEMS) -> str:
    """A workflow with one list of so many items."""
    each = {"in": list(range(items)), "steps": [{"id": "nothing", "wait": "1s"}]}
    return yaml.safe_dump({"name": "list", "on": {"command": "list"}, "steps": [{"id": "each", "foreach": each}]})


async def measure() -> Report:
    """One list and one crowd of plain runs for each number of workers, each pair in a store of its own."""
    figures: list[Figure] = []
    for workers in WORKERS:
        with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
            async with place(Path(folder)) as at, crew(at, workers) as bell:
                plain = await seconds(at, bell, [await at.begin(workflow(1)) for _ in range(RUNS)])
                listed = await seconds(at, bell, [await at.begin(empty_list())])
        named = f"{workers} worker{'s' if workers > 1 else ''}"
        figures += [
            Figure(f"`foreach` of {ITEMS} empty items, {named}", listed, "s"),
            Figure(
                f"empty items, {named}", ITEMS / listed, "items/s", baseline=RUNS / plain, against="runs of their own"
            ),
        ]
    return Report(tuple(figures))


async def seconds(at: Place, bell: PipeBell, begun: list[RunId]) -> float:
    """From the first bell until all of these have ended. Ends the process where one ends badly."""
    began = time.perf_counter()
    for number, run_id in enumerate(begun):
        await bell.ring_run(run_id, number)
    for run_id in begun:
        looks = 0
        while (state := await _state(at, run_id)) not in TERMINAL:
            await asyncio.sleep(_LOOK_SECONDS)
            looks += 1
            if looks % _LOOKS_A_BELL == 0:  # in place of the clock: where SQLite was busy too long, a run is put off
                await bell.ring_run(run_id, looks)
        if state is not RunState.succeeded:
            raise SystemExit(f"A run that does nothing {state}.")
    return time.perf_counter() - began


async def _state(at: Place, run_id: RunId) -> RunState:
    async with at.services.store.read() as db:
        return (await runs.require(db, run_id)).state
