"""A load generator that is cheap enough not to be what is measured: raw HTTP/1.1 on keep-alive connections."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class Measured:
    """What a server did under load. Latencies are seconds."""

    answered: int
    refused: int
    seconds: float
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


class _Connection(asyncio.Protocol):
    """One request at a time, the next as soon as the answer is complete."""

    def __init__(self, head: bytes, body: bytes, ids: Iterator[int], until: float) -> None:
        self.head, self.body, self.ids, self.until = head, body, ids, until
        self.latencies: list[float] = []
        self.refused = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator or len(rest) < _length(head):
            return
        now = time.perf_counter()
        self.latencies.append(now - self._asked)
        self.refused += not head.startswith(b"HTTP/1.1 202")
        self._received = b""
        if now < self.until:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self.transport.write(self.head % next(self.ids) + self.body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def drive(
    host: str, port: int, *, body: bytes, signature: str, connections: int, seconds: float, series: int
) -> Measured:
    """Send the same signed body under ever new GUIDs for so many seconds, and measure every answer.

    `series` keeps the GUIDs of two measurements apart.
    """
    head = (
        f"POST /webhooks/github HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-GitHub-Event: issues\r\nX-GitHub-Hook-ID: 1\r\n"
        f"X-Hub-Signature-256: {signature}\r\nX-GitHub-Delivery: {series:08d}-0000-4000-8000-%012d\r\n\r\n"
    ).encode()
    ids = count(1)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    clients: list[_Connection] = []
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: _Connection(head, body, ids, began + seconds), host, port)
        clients.append(client)
    await asyncio.gather(*(client.over for client in clients))
    taken = time.perf_counter() - began
    latencies = sorted(latency for client in clients for latency in client.latencies)
    refused = sum(client.refused for client in clients)
    return Measured(
        answered=len(latencies) - refused,
        refused=refused,
        seconds=taken,
        p50=latencies[len(latencies) // 2],
        p99=latencies[len(latencies) * 99 // 100],
    )
