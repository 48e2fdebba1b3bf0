"""The web process: migrate, listen, and flush what was accepted before it ends."""

import asyncio
import signal

import structlog
from aiohttp import web

from adapters.doorbell import open_doorbell
from adapters.settings import Settings
from adapters.store import open_store
from adapters.system import SystemClock
from bot.web.app import BUSY_SECONDS, make_app

GOODBYE_SECONDS = 5.0
BACKLOG = 1024

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests that are under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with open_store(settings.database_url, busy_seconds=BUSY_SECONDS) as store:
        app = make_app(settings, store, open_doorbell(settings), SystemClock())
        await store.migrate()
        # Bodies stay as they were sent: the signature covers those bytes.
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=GOODBYE_SECONDS)
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port, backlog=BACKLOG)
            await site.start()
            log.info("web.listening", addresses=[list(address[:2]) for address in runner.addresses])
            await stop.wait()
        finally:
            await runner.cleanup()
    log.info("web.stopped")
