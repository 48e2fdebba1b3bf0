"""How the service is: alive, ready, and in numbers."""

from aiohttp import web

from adapters.store import StoreUnavailable, deliveries
from bot.web.keys import DOORBELL, METRICS, STORE
from bot.web.metrics import CONTENT_TYPE


async def healthz(_: web.Request) -> web.Response:
    """200 while the process can answer at all."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """200 where deliveries can be stored. Redis down is a degradation: the clock looks instead."""
    try:
        why = await request.app[STORE].behind()
        if why is None:
            async with request.app[STORE].read() as db:
                await deliveries.oldest_pending(db)
    except StoreUnavailable as error:
        why = str(error)
    if why is not None:
        return web.json_response({"status": "unavailable", "database": why}, status=503)
    redis = await request.app[DOORBELL].ping()
    return web.json_response(
        {"status": "ok" if redis else "degraded", "database": "ok", "redis": "ok" if redis else "unreachable"}
    )


async def metrics(request: web.Request) -> web.Response:
    numbers = request.app[METRICS]
    try:
        await numbers.look(request.app[STORE])
        numbers.database_answers(True)
    except StoreUnavailable:
        numbers.database_answers(False)
    return web.Response(body=numbers.text(), headers={"Content-Type": CONTENT_TYPE})
