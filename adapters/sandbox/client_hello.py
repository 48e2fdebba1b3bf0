"""Whom a TLS client asks for, read from the first bytes that it sends (RFC 8446, RFC 6066).

A content network serves many owners at one address: a connection to an allowed host's address may ask for
another one. That name stands in clear in the client's first message.
"""

from __future__ import annotations

_HANDSHAKE_RECORD, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
_ENCRYPTED_HELLO = 0xFE0D  # RFC 9849: the name that counts is inside, and the one in clear may be any
_RECORD_HEADER = 5


class NotTls(Exception):
    """These bytes are not the beginning of a TLS connection."""


class NameHidden(Exception):
    """It may ask for somebody else than the name that stands in clear."""


def server_name(start: bytes) -> str | None:
    """The name asked for, "" where none is, or None where the message is not complete yet.

    Raises NameHidden where that name is not surely the one that the host goes by.
    """
    hello = _message(start)
    if hello is None:
        return None
    fields = _Fields(hello)
    fields.take(2 + 32)  # version, random
    fields.vector(1)  # session
    fields.vector(2)  # cipher suites
    fields.vector(1)  # compression
    if not fields.left:
        return ""
    extensions = _Fields(fields.vector(2))
    found: list[str] = []
    while extensions.left:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == _ENCRYPTED_HELLO:
            raise NameHidden
        if kind == _SERVER_NAME:
            names = _Fields(_Fields(body).vector(2))
            while names.left:
                kind_of_name, name = names.number(1), names.vector(2)
                if kind_of_name == _HOST_NAME:
                    found.append(name.decode("ascii", "replace").lower())
    if len(found) > 1:
        raise NameHidden
    return found[0] if found else ""


def _message(start: bytes) -> bytes | None:
    """The body of the first handshake message, gathered from as many records as it lies in."""
    gathered = b""
    while len(start) >= _RECORD_HEADER:
        if start[0] != _HANDSHAKE_RECORD or start[1] != 3:
            raise NotTls
        length = int.from_bytes(start[3:_RECORD_HEADER])
        gathered += start[_RECORD_HEADER : _RECORD_HEADER + length]
        start = start[_RECORD_HEADER + length :]
        if len(gathered) >= 4:
            if gathered[0] != _CLIENT_HELLO:
                raise NotTls
            end = 4 + int.from_bytes(gathered[1:4])
            if len(gathered) >= end:
                return gathered[4:end]
    if start and start[0] != _HANDSHAKE_RECORD:
        raise NotTls
    return None


class _Fields:
    """Reads a message from its beginning; raises NotTls where it ends too early."""

    def __init__(self, left: bytes) -> None:
        self.left = left

    def take(self, count: int) -> bytes:
        if len(self.left) < count:
            raise NotTls
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> bytes:
        return self.take(self.number(size))
