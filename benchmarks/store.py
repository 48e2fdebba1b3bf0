"""What a durable commit costs: one delivery stored in a transaction of its own, against one forced write to the disk.

PostgreSQL is a throwaway cluster of the same machine; it is left out where none is installed.
"""

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from adapters.store import deliveries, open_store
from benchmarks.figures import Figure, Report, middle
from benchmarks.postgres import programs, throwaway_cluster
from core.runs import Delivery

COMMITS = 300
BODY = b"x" * 4096


async def measure() -> Report:
    """Medians in milliseconds. One writer: what several do at once is the receiver's benchmark."""
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        forced = _forced(Path(folder, "forced"))
        found = {"SQLite": await _commits(f"sqlite:///{folder}/store.db")}
    missing = ""
    if programs() is None:
        missing = "PostgreSQL is left out: no `initdb` here."
    else:
        with throwaway_cluster() as url:
            found["PostgreSQL"] = await _commits(url)
    figures = (
        Figure(f"durable commit, {name}", taken, "ms", baseline=forced, against="`fdatasync` of as many bytes")
        for name, taken in found.items()
    )
    return Report(tuple(figures), missing)


async def _commits(url: str) -> float:
    samples = []
    async with open_store(url) as store:
        await store.migrate()
        for number in range(COMMITS):
            now = datetime.now(UTC)
            delivery = Delivery(hook_id="1", guid=f"{number:036d}", event="issues", body=BODY, received_at=now)
            began = time.perf_counter()
            async with store.begin() as db:
                await deliveries.insert(db, [delivery])
            samples.append(1000 * (time.perf_counter() - began))
    return middle(samples)


def _forced(file: Path) -> float:
    samples = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(COMMITS):
            began = time.perf_counter()
            os.write(descriptor, BODY)
            os.fdatasync(descriptor)
            samples.append(1000 * (time.perf_counter() - began))
    finally:
        os.close(descriptor)
    return middle(samples)
