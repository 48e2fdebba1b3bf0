"""What the routes that take deliveries share: bodies of a bounded size in bounded time, and answers to refusals."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from adapters.store import StoreUnavailable

BODY_SECONDS = 30
RETRY_AFTER_SECONDS = 30


class Refused(Exception):
    """The answer is no. `why` goes back to the sender, and tells nothing that it did not know."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


async def answered(request: web.Request, store: Callable[[web.Request], Awaitable[None]]) -> web.Response:
    """202 where it was stored; else what kept it from being."""
    try:
        await store(request)
    except Refused as refusal:
        response = web.Response(status=refusal.status, text=refusal.why + "\n")
        if not request.content.is_eof():
            response.force_close()  # what is still on its way is not worth reading
        return response
    except StoreUnavailable:
        return web.Response(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return web.Response(status=202)


async def body_of(request: web.Request, most_bytes: int) -> bytes:
    """The body. Raises Refused where it is larger, or does not arrive in time."""
    if (request.content_length or 0) > most_bytes:
        raise Refused(413, "The body is too large.")
    if request.content.is_eof():  # a small body has come along with its headers
        return request.content.read_nowait()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > most_bytes:
                    raise Refused(413, "The body is too large.")
    except TimeoutError:
        raise Refused(408, "The body did not arrive in time.") from None
    return bytes(body)
