"""A watch over the memory of a box where no control group can be made: what all its processes hold together.

Coarser than the kernel's own accounting: it looks four times a second, and `RLIMIT_DATA` bounds each process
in between. What lies in `/tmp` and `/dev/shm` is bounded by their sizes instead, and memory that belongs to no process
is refused (`seccomp.UNCOUNTED`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

POLL_SECONDS = 0.25
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


async def exceeded(first: int, limit_bytes: int) -> str:
    """Returns why the box must end, when the process `first` and all below it hold too much; otherwise waits."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        if held(first) > limit_bytes:
            return f"It needed more than {limit_bytes // 2**20:,} MiB of memory and was stopped."


def held(first: int) -> int:
    """Bytes in memory of a process and all its descendants; what several share counts once."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208  # four times a second: no objects for hundreds of names
        if entry.isdigit() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry))
    total, found = 0, [first]
    while found:
        pid = found.pop()
        total += _held_by(pid)
        found += children.get(pid, [])
    return total


def _parent(pid: str) -> int | None:
    with contextlib.suppress(OSError):
        # The program's name, in parentheses, may hold anything; two fields after it comes the parent.
        return int(Path("/proc", pid, "stat").read_bytes().rpartition(b")")[2].split()[1])
    return None


def _held_by(pid: int) -> int:
    """The proportional size where the kernel shows it, else the resident one."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    return 0
