"""How many transactions reached a SQLite database's disk, over all processes, seen from outside.

In the write-ahead log the last frame of every transaction says how large the database is now, and all other frames say
zero (https://www.sqlite.org/fileformat2.html#walformat). While a reader looks at an older state the log cannot be
begun anew, so nothing is missed.
"""

import sqlite3
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

_HEADER = struct.Struct(">8xI4x8s8x")
"""Of the log: the page size, and the salts that its living frames repeat."""
_FRAME = struct.Struct(">4xI8s8x")
"""Of a frame: the size of the database after a commit, and the salts."""


class CommitCount:
    """Counts from the beginning of the block. Transactions that wrote nothing are none."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._log = Path(f"{database}-wal")

    def __enter__(self) -> Self:
        self._reader = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, isolation_level=None)
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._salts, self._before = self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    def so_far(self) -> int:
        """A log that had been copied back whole may have been begun anew once, before its first new commit."""
        salts, count = self._read()
        return count - self._before if salts == self._salts else count

    def _read(self) -> tuple[bytes, int]:
        log = self._log.read_bytes() if self._log.is_file() else b""
        if len(log) < _HEADER.size:
            return b"", 0
        page, salts = _HEADER.unpack_from(log)
        count = 0
        for place in range(_HEADER.size, len(log) - _FRAME.size, _FRAME.size + page):
            size, own = _FRAME.unpack_from(log, place)
            if own != salts:
                break  # left over from before the log was begun anew
            count += size != 0
        return salts, count
