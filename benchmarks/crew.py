"""A crew: worker processes over one store, that hear one bell.

The bell is a pipe. Who has something to do writes one byte, and whichever worker reads it looks whose turn it is, as a
worker does that takes a job from Redis: a byte that nobody has read yet is not lost.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.empty import Place
from core.names import RunId

_ROOT = Path(__file__).parents[1]
_START_SECONDS = 30
_STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class PipeBell:
    """A doorbell that the processes of a crew share. Deliveries do not come here."""

    to: int
    """Where a bell is written to."""

    async def ring_intake(self) -> bool:
        return True

    async def ring_run(self, run_id: RunId, ring: int) -> bool:
        return os.write(self.to, b".") == 1

    async def unheard(self) -> int:
        return 0

    async def ping(self) -> bool:
        return True


@asynccontextmanager
async def crew(at: Place, workers: int) -> AsyncIterator[PipeBell]:
    """The bell of so many workers on the store of this place, all of them up and listening. They are gone at its end.

    In `crew_program.py` a step of theirs does nothing, unless it is a `foreach`.
    """
    heard, rung = os.pipe()
    environ = {**at.town.environ, "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "benchmarks.crew_program", str(heard), str(rung)]
    processes = [
        await asyncio.create_subprocess_exec(
            *command, env=environ, cwd=_ROOT, pass_fds=(heard, rung), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(workers)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            if not await asyncio.wait_for(process.stdout.readline(), _START_SECONDS):
                raise SystemExit("A worker of the crew did not start; its own words are above.")
        yield PipeBell(rung)
    finally:
        for process in processes:
            await _over(process)
        os.close(heard)
        os.close(rung)


async def _over(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
