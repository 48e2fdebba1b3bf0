"""The only way out of a box: a CONNECT proxy on a Unix socket that reaches the hosts it was given.

It sees no plaintext and adds no credential: this is the gateway for package indexes. What it refuses, it
refuses with one line; what it carried, it can tell (`passages`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import re
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from adapters.sandbox.client_hello import NameHidden, NotTls, server_name
from core.boxes import Passage

PACKAGE_INDEX_HOSTS = ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org")
TLS_PORT = 443

# Networks behind which the operator's own machines are, in every way that an address can name them.
INTERNAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "fc00::/7", "fe80::/10",
        "fec0::/10", "ff00::/8",
    )
)  # fmt: skip

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z")
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Bytes count both ways together."""

    header_bytes: int = 8192
    connect_seconds: float = 15
    idle_seconds: float = 60
    connections: int = 64
    passages: int = 5000
    connection_bytes: int = 2 * 2**30
    total_bytes: int = 8 * 2**30


class Refused(Exception):
    """The one line that the client reads."""


class Unreached(Refused):
    """The host was allowed, and is not to be reached from here."""


class ConnectGateway:
    """Listens from `async with` to its end, where every connection is cut and the socket is removed.

    `allowed` are `host` (port 443) or `host:port`, exact. A name that resolves to an internal address is
    refused, and what is connected to is the very address that was looked at, unless the name is among
    `internal`: the operator's own index.
    """

    def __init__(
        self,
        path: Path,
        allowed: Collection[str] = PACKAGE_INDEX_HOSTS,
        *,
        internal: Collection[str] = (),
        limits: GatewayLimits | None = None,
    ) -> None:
        self._path = path
        self._allowed = {_target(name if ":" in name else f"{name}:{TLS_PORT}") for name in allowed}
        self._internal = frozenset(internal)
        self._limits = limits or GatewayLimits()
        self._passages: list[Passage] = []
        self._open: set[asyncio.Task[None]] = set()
        self._carried = 0
        self._server: asyncio.Server | None = None

    @property
    def socket(self) -> Path:
        return self._path

    @property
    def passages(self) -> Sequence[Passage]:
        """Every connection that has ended or was refused, in that order."""
        return tuple(self._passages)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(
            self._connected, sock=_listening(self._path), limit=self._limits.header_bytes
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # asyncio drops, unclosed, a connection that it accepted in the turn in which its server closes.
        for _ in range(3):
            await asyncio.sleep(0)
        if self._server:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        # A connection accepted just before the end would find nobody to cut it.
        if task is None or self._server is None or len(self._passages) >= self._limits.passages:
            writer.transport.abort()
            return
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._open.discard(task)
            if task.cancelling():
                writer.transport.abort()
            else:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        meter = _Meter()
        sink: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                await self._admit(reader, meter)
            upstream, sink = await self._reached(meter)
            async with asyncio.timeout(self._limits.connect_seconds):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                sink.write(await self._greeting(reader, meter))
            meter.allowed = True
            await self._carry(reader, writer, upstream, sink, meter)
        except (Refused, TimeoutError) as ended:
            meter.why = str(ended) or "The connection was not made in time."
            meter.unreached = isinstance(ended, Unreached)
            if sink is None:
                await _answer(writer, meter.why)
        finally:
            if sink:
                sink.transport.abort()
            self._passages.append(meter.passage())

    async def _admit(self, reader: asyncio.StreamReader, meter: _Meter) -> None:
        if len(self._open) > self._limits.connections:
            raise Refused(f"This box has {self._limits.connections} connections already.")
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            raise Refused("This gateway could not read the request.") from None
        method, _, rest = head.decode("latin-1").partition(" ")
        if method != "CONNECT":
            raise Refused("This gateway carries TLS connections only (CONNECT).")
        asked = rest.partition(" ")[0]
        meter.host = asked[:200]
        try:
            meter.host, meter.port = _target(asked)
        except ValueError as error:
            raise Refused(str(error)) from None
        if (meter.host, meter.port) not in self._allowed:
            raise Refused(f"{meter.host}:{meter.port} is not among the hosts that this box may reach.")
        if self._carried >= self._limits.total_bytes:
            raise Refused("This box has used all the bytes it may move.")

    async def _reached(self, meter: _Meter) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection, in a time of its own: a client that dawdles must not make the host look away."""
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                return await self._connect(meter)
        except TimeoutError:
            raise Unreached(f"{meter.host}:{meter.port} does not answer in time.") from None

    async def _connect(self, meter: _Meter) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(meter.host, meter.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unreached(f"{meter.host} cannot be resolved: {error.strerror}.") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if meter.host not in self._internal and any(map(is_internal, addresses)):
            raise Refused(f"{meter.host} resolves to an internal address.")
        failure: OSError | None = None
        for address in addresses:
            try:
                return await asyncio.open_connection(address, meter.port)
            except OSError as error:
                failure = error
        raise Unreached(f"{meter.host}:{meter.port} does not answer: {failure and failure.strerror}.")

    async def _greeting(self, reader: asyncio.StreamReader, meter: _Meter) -> bytes:
        """What the client said first: TLS, and to the host that it asked the gateway for."""
        start = b""
        try:
            while (name := server_name(start)) is None:
                chunk = await reader.read(_CHUNK)
                start += chunk
                if not chunk or len(start) > _CHUNK:
                    raise NotTls
        except NotTls:
            raise Refused("What came through it was not TLS.") from None
        except NameHidden:
            raise Refused("Inside TLS it hides whom it asks for.") from None
        if name != meter.host:
            raise Refused(f"Inside TLS it asked for {name!r}.")
        self._count(meter, len(start), up=True)
        return start

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        meter: _Meter,
    ) -> None:
        """Both ways until both have ended, nothing has moved for a while, or too much has."""
        loop = asyncio.get_running_loop()

        async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter, up: bool) -> None:
            while chunk := await source.read(_CHUNK):
                self._count(meter, len(chunk), up=up)
                target.write(chunk)
                await target.drain()
                idle.reschedule(loop.time() + self._limits.idle_seconds)
            target.write_eof()

        try:
            async with asyncio.timeout(self._limits.idle_seconds) as idle, asyncio.TaskGroup() as both:
                both.create_task(pump(reader, sink, up=True))
                both.create_task(pump(upstream, writer, up=False))
        except* TimeoutError:
            meter.why = "Nothing was moved for a while."
        except* (Refused, OSError) as ended:
            meter.why = str(ended.exceptions[0])

    def _count(self, meter: _Meter, count: int, *, up: bool) -> None:
        self._carried += count
        meter.add(count, up=up)
        if meter.bytes > self._limits.connection_bytes or self._carried > self._limits.total_bytes:
            raise Refused("It moved more bytes than it may.")


@dataclass(slots=True)
class _Meter:
    host: str = ""
    port: int = 0
    up: int = 0
    down: int = 0
    allowed: bool = False
    unreached: bool = False
    why: str | None = None

    @property
    def bytes(self) -> int:
        return self.up + self.down

    def add(self, count: int, *, up: bool) -> None:
        if up:
            self.up += count
        else:
            self.down += count

    def passage(self) -> Passage:
        return Passage(self.host, self.port, self.allowed, self.up, self.down, self.why, self.unreached)


async def _answer(writer: asyncio.StreamWriter, why: str) -> None:
    line = why.encode()
    head = b"HTTP/1.1 403 %b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n" % (
        line,
        len(line) + 1,
    )
    writer.write(head + b"Connection: close\r\n\r\n" + line + b"\n")
    await writer.drain()


def is_internal(address: str) -> bool:
    """Whether an address leads to this machine, its network, or nowhere in public."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return any(ip in network for network in INTERNAL)


def _target(text: str) -> tuple[str, int]:
    """Host and port of `host:port`; raises ValueError with the reason, also where the host is an address."""
    host, separator, port = text.rpartition(":")
    host = host.lower()
    if not separator or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text[:200]!r} is not a host and a port.")
    if re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+|\[.*\]", host) or ":" in host:
        raise ValueError("This gateway reaches hosts by name, never by address.")
    if len(host) > 253 or not _HOST.match(host):
        raise ValueError(f"{host[:200]!r} is not a host name.")
    return host, int(port)


def _listening(path: Path) -> socket.socket:
    """A socket that the box's user may connect to; the folder it lies in keeps everybody else away.

    Bound through the folder's descriptor, since the kernel takes no longer name than 107 bytes.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        listening.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o666)
        listening.setblocking(False)
        return listening
    finally:
        os.close(folder)
