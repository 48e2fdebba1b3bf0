"""`pullwright clock`: several may run; the database lets one lead."""

import asyncio
import signal

import click

from adapters.settings import Settings


@click.command("clock")
def command() -> None:
    """Every few seconds, wake workers for work that none has picked up."""
    from bot.cli.begin import begin

    asyncio.run(_tick(begin("clock")))


async def _tick(settings: Settings) -> None:
    from jobs import clock
    from jobs.services import open_services

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_services(settings) as services:
        await services.store.migrate()
        await clock.run(services, stop)
