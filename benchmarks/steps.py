"""How many steps a second one worker gets done, where a step itself does nothing: what the engine's promises cost.

Every step has its intent, its outcome, its two entries in the journal and its look at the lease. The baseline is one
row changed and committed in the same database: the least that anything durable costs there.
"""

import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from pathlib import Path

from adapters.store import leases
from benchmarks.empty import Place, place
from benchmarks.figures import Figure, Report, middle
from benchmarks.postgres import programs, throwaway_cluster

ROUNDS = 20
WARM = 3
COMMITS = 20
"""Of the baseline, in each round."""


async def measure() -> Report:
    """Medians, as steps a second; one run of ten steps and some commits by turns."""
    figures: list[Figure] = []
    missing = ""
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder, ExitStack() as servers:
        urls: dict[str, str | None] = {"SQLite": None}
        if programs() is None:
            missing = "PostgreSQL is left out: no `initdb` here."
        else:
            urls["PostgreSQL"] = servers.enter_context(throwaway_cluster())
        for name, url in urls.items():
            async with AsyncExitStack() as stack:
                figures.append(await _figure(name, await stack.enter_async_context(place(Path(folder, name), url))))
    return Report(tuple(figures), missing)


async def _figure(name: str, at: Place) -> Figure:
    taken: list[float] = []
    commits: list[float] = []
    for number in range(WARM + ROUNDS):
        played = await at.play(await at.begin())
        committed = await _commits(at)
        if number >= WARM:
            taken.append(played.per_step)
            commits.append(committed)
    return Figure(
        f"empty steps, one worker, {name}",
        1 / middle(taken),
        "steps/s",
        baseline=1 / middle(commits),
        against="commits of one row",
    )


async def _commits(at: Place) -> float:
    """Seconds that one took."""
    store, now = at.services.store, at.services.clock.now()
    began = time.perf_counter()
    for number in range(COMMITS):
        async with store.begin() as db:
            await leases.take(db, "bench", "bench", now + timedelta(seconds=number), 1)
    return (time.perf_counter() - began) / COMMITS
