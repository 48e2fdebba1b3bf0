"""`pullwright up`: everything, in one process tree."""

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from adapters.settings import Settings


@click.command("up")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Runs at the same time.")
def command(workers: int) -> None:
    """Start web, workers, clock and the embedded Redis; stop them all with Ctrl-C."""
    from adapters.settings import check_complete
    from bot.cli.begin import begin

    settings = begin("up")
    check_complete(settings)
    asyncio.run(_up(settings, workers))


async def _up(settings: "Settings", workers: int) -> None:
    from bot.up import supervise
    from bot.up.identity import check_identity

    me = asyncio.current_task()
    assert me is not None  # noqa: S101  # inside asyncio.run
    told = False

    def stop() -> None:
        # A second signal changes nothing: the children are on their way already.
        nonlocal told
        if not told:
            told = True
            me.cancel()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await check_identity(settings)
        async with supervise(os.environ, workers=workers) as service:
            click.echo(f"Pullwright listens on {service.url} (webhooks: {service.url}/webhooks/github)", err=True)
            await service.broken()
    except asyncio.CancelledError:
        if not told:
            raise
        click.echo("Pullwright has stopped.", err=True)
