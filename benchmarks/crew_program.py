"""One worker of a crew (`crew.py`): reads a bell, takes the run whose turn it is through the engine, and so on until
SIGTERM. What its steps say they do is not done; a `foreach` is."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from adapters import logs
from adapters.lineage import die_with_parent
from adapters.settings import load
from benchmarks.crew import PipeBell
from core.names import RunId
from core.workflow import Foreach, Step
from jobs import engine
from jobs.outcomes import Done, Outcome
from jobs.services import open_services
from jobs.steps import foreach
from jobs.work import Work

_WHOEVER = RunId("whoever")
"""A bell only says that there is work: the engine takes the run whose turn it is."""


async def _perform(step: Step, work: Work) -> Outcome:
    if isinstance(step.action, Foreach):
        return await foreach.perform(step, step.action, work)
    return Done({}, "nothing")


async def _serve(heard: int, bell: PipeBell) -> None:
    """Answer bells, each in turn, until told to stop."""
    stop, woken = asyncio.Event(), asyncio.Event()

    def stopped() -> None:
        stop.set()
        woken.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped)
    os.set_blocking(heard, False)
    async with open_services(load(os.environ)) as opened:
        services = replace(opened, doorbell=bell)
        print("up", flush=True)
        while not stop.is_set():
            try:
                os.read(heard, 1)
            except BlockingIOError:
                woken.clear()
                loop.add_reader(heard, woken.set)
                await woken.wait()
                loop.remove_reader(heard)
                continue  # another worker may be quicker
            await engine.look(services, _WHOEVER, stop)


def main() -> None:
    """With the two ends of the pipe, as `crew` opened it."""
    die_with_parent(os.getppid())
    heard, rung = map(int, sys.argv[1:])
    settings = load(os.environ)
    logs.configure(process="bench", stream=Path(settings.data_dir, f"log-{os.getpid()}").open("w"))  # noqa: SIM115
    with patch.object(engine, "perform", _perform):
        asyncio.run(_serve(heard, PipeBell(rung)))


if __name__ == "__main__":
    main()
