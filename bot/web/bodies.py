"""What the routes that take deliveries share: bodies of a bounded size in bounded time, and answers to refusals."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from adapters.store import StoreUnavailable

BODY_SECONDS = 30
RETRY_AFTER_SECONDS = 30
SMALL_BYTES = 64 * 1024
"""So much of a body is never counted, so that whoever fills the room keeps only large ones out."""
MOST_HELD_BYTES = 64 * 1024 * 1024
"""Of all bodies together, beyond what is never counted. Anybody may send one: whether it is signed shows at its end."""
ROOM_SECONDS = 3.0
"""How long a body waits for room; GitHub hangs up after ten seconds."""


class Refused(Exception):
    """The answer is no. `why` goes back to the sender, and tells nothing that it did not know."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


_TAKEN = web.RequestKey("taken", int)
"""How many bytes of a request's body are counted."""


class Room:
    """Bounds what the bodies that are under way hold together. A body is counted as it arrives, whatever it announces,
    until its request is answered; none waits longer than its own time to arrive.
    """

    def __init__(self, most_bytes: int = MOST_HELD_BYTES, wait_seconds: float = ROOM_SECONDS) -> None:
        self._most_bytes = most_bytes
        self._wait_seconds = wait_seconds
        self._held = 0
        self._freed = asyncio.Event()

    @property
    def held(self) -> int:
        """Bytes that are counted now."""
        return self._held

    async def take(self, request: web.Request, arrived_bytes: int) -> None:
        """Count what has arrived of the request's body by now. Raises Refused where there is no room for it in time."""
        more = arrived_bytes - SMALL_BYTES - request.get(_TAKEN, 0)
        if more <= 0:
            return
        try:
            async with asyncio.timeout(self._wait_seconds):
                while self._held + more > self._most_bytes:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            raise Refused(503, "Too many large bodies are under way. Send it again.") from None
        self._held += more
        request[_TAKEN] = arrived_bytes - SMALL_BYTES

    def leave(self, request: web.Request) -> None:
        """Nothing of the request's body is held any more."""
        self._held -= request.get(_TAKEN, 0)
        request[_TAKEN] = 0
        self._freed.set()


ROOM = web.AppKey("room", Room)


async def answered(request: web.Request, store: Callable[[web.Request], Awaitable[None]]) -> web.Response:
    """202 where it was stored; else what kept it from being."""
    try:
        await store(request)
    except Refused as refusal:
        again = {"Retry-After": str(RETRY_AFTER_SECONDS)} if refusal.status == 503 else {}
        response = web.Response(status=refusal.status, text=refusal.why + "\n", headers=again)
        if not request.content.is_eof():
            response.force_close()  # what is still on its way is not worth reading
        return response
    except StoreUnavailable:
        return web.Response(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    finally:
        request.app[ROOM].leave(request)
    return web.Response(status=202)


async def body_of(request: web.Request, most_bytes: int) -> bytes:
    """The body. Raises Refused where it is larger, does not arrive in time, or finds no room. What it takes up is given
    back by `answered()`.
    """
    if (request.content_length or 0) > most_bytes:
        raise Refused(413, "The body is too large.")
    if request.content.is_eof():  # a small body has come along with its headers
        whole = request.content.read_nowait()
        await request.app[ROOM].take(request, len(whole))
        return whole
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > most_bytes:
                    raise Refused(413, "The body is too large.")
                await request.app[ROOM].take(request, len(body))
    except TimeoutError:
        raise Refused(408, "The body did not arrive in time.") from None
    return bytes(body)
