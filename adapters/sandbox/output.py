"""What a command wrote, in bounded memory: all of it, or its beginning and its end."""

from __future__ import annotations

FLOOD_BYTES = 64 * 2**20  # whoever writes that much will not stop by itself


class Output:
    """Bytes are added as they come; `bytes()` is at most the limit and one line long."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit = max(limit_bytes, 2)
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = self.limit // 2 - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        if len(self._tail) > 2 * self.limit:
            self._forget()

    @property
    def truncated(self) -> bool:
        return self.total > self.limit

    @property
    def flooded(self) -> bool:
        return self.total > max(FLOOD_BYTES, self.limit)

    def bytes(self) -> bytes:
        self._forget()
        if not self.truncated:
            return bytes(self._head + self._tail)
        missing = self.total - len(self._head) - len(self._tail)
        return b"%b\n[%d bytes left out]\n%b" % (bytes(self._head), missing, bytes(self._tail))

    def _forget(self) -> None:
        excess = len(self._tail) - (self.limit - self.limit // 2)
        if excess > 0:
            del self._tail[:excess]
