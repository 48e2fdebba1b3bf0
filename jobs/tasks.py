"""The two functions that RQ may run. Each makes what it needs inside, because it runs in a forked child."""

import asyncio
import os
import signal

import structlog

from adapters.settings import load
from core.names import RunId
from jobs import engine
from jobs.intake import drain
from jobs.services import open_services


def intake() -> None:
    """Route what is pending."""
    asyncio.run(_intake())


def look(run_id: str) -> None:
    """Look at a run: claim it if nobody else holds it, and take it as far as it goes."""
    asyncio.run(_look(RunId(run_id)))


async def _intake() -> None:
    async with open_services(load(os.environ)) as services:
        await drain(services)


async def _look(run_id: RunId) -> None:
    draining = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, draining.set)
    with structlog.contextvars.bound_contextvars(run=run_id):
        async with open_services(load(os.environ)) as services:
            await engine.look(services, run_id, draining)
