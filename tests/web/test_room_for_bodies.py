"""Bodies that nobody has vouched for yet hold a bounded amount of memory, and keep no small delivery out."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.doorbell import SilentDoorbell
from adapters.settings import Settings
from adapters.store import Store
from bot.web.app import make_app
from bot.web.bodies import ROOM, SMALL_BYTES, Room
from core.clock import FixedClock

from .signing import headers

MIB = 1024 * 1024
WRONG = "sha256=" + "0" * 64
LARGE = json.dumps({"a": "x" * (3 * MIB)}).encode()


class Watched(Room):
    """Room that tells when it is nearly full."""

    full = asyncio.Event()

    async def take(self, request: web.Request, arrived_bytes: int) -> None:
        await super().take(request, arrived_bytes)
        if self.held >= 3 * MIB - SMALL_BYTES:
            self.full.set()


@pytest.fixture
async def room() -> Watched:
    room = Watched(most_bytes=4 * MIB, wait_seconds=1)
    room.full = asyncio.Event()
    return room


@pytest.fixture
async def server(settings: Settings, store: Store, room: Watched) -> AsyncIterator[TestServer]:
    app = make_app(settings, store, SilentDoorbell(), FixedClock(), busy_seconds=0.1)
    app[ROOM] = room
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    yield server
    await server.close()


class Sender:
    """A connection that posts a body and may stop before its end."""

    def __init__(self, server: TestServer) -> None:
        self._port = server.port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, body: bytes, *, of: int | None = None, **changed: str) -> "Sender":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        sent = {**headers(body, **changed), "Host": "here", "Content-Length": str(of or len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self._writer.write(f"POST /webhooks/github HTTP/1.1\r\n{head}\r\n".encode() + body)
        return self

    async def answer(self) -> tuple[int, dict[str, str]]:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        return int(head[0].split()[1]), dict(row.split(": ", 1) for row in head[1:] if row)

    def leave(self) -> None:
        assert self._writer is not None
        self._writer.transport.abort()


async def test_bodies_under_way_share_their_room_and_a_small_delivery_passes_them_all(
    server: TestServer, room: Watched
) -> None:
    slow = await Sender(server).send(LARGE, of=20 * MIB, X_Hub_Signature_256=WRONG)
    await room.full.wait()
    status, told = await (refused := await Sender(server).send(LARGE)).answer()
    assert (status, told["Retry-After"]) == (503, "30")
    status, _ = await (small := await Sender(server).send(b'{"a": "%s"}' % (b"x" * (SMALL_BYTES - 9)))).answer()
    assert status == 202
    waiting = await Sender(server).send(LARGE)
    slow.leave()
    assert (await waiting.answer())[0] == 202
    assert room.held == 0
    for one in (refused, small, waiting):
        one.leave()
