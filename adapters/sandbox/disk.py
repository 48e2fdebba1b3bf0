"""A watch over what a box writes to disk. No quota is needed, and a large tree is walked only when something grows."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.sandbox.walk import walk
from core.errors import TreeRefused

POLL_SECONDS = 0.25
WALK_SHARE = 0.02  # of the time goes into walks where nothing seems to grow: others may free what the box fills
WALK_SECONDS = 15  # and no walk is further than this from the next
RESERVE_BYTES = 256 * 2**20
NOTICED_BYTES = 16 * 2**20
NOTICED_ENTRIES = 2048
ENTRY_BYTES = 4096


async def full(folders: Sequence[Path], limit_bytes: int) -> str:
    """Returns why the box must end, when it must; otherwise waits until it is cancelled.

    What the folders hold is added up when the file system they lie on has lost some space, and every so often,
    since somebody else may have freed as much meanwhile: the quicker a walk is, the oftener. What was deleted
    and is still open cannot be seen in a folder: for that, a nearly full file system ends the box that made
    it so.
    """
    before = [_Space.of(folder) for folder in folders]
    last, waited, rest = list(before), 0.0, 0.0
    noticed = min(NOTICED_BYTES, max(limit_bytes // 8, 1))
    while True:
        await asyncio.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
        now = [_Space.of(folder) for folder in folders]
        for start, space in zip(before, now, strict=True):
            if space.bytes < RESERVE_BYTES and start.bytes - space.bytes > NOTICED_BYTES:
                return "It filled the disk and was stopped."
        if waited < rest and not any(space.grew(since, noticed) for space, since in zip(now, last, strict=True)):
            continue
        last, waited, began = now, 0.0, time.monotonic()
        try:
            held = await asyncio.to_thread(_held, folders, limit_bytes)
        except TreeRefused as refused:
            return str(refused)
        rest = min((time.monotonic() - began) / WALK_SHARE, WALK_SECONDS)
        if held > limit_bytes:
            return f"Its files took more than {limit_bytes // 2**20:,} MiB of disk and it was stopped."


@dataclass(frozen=True, slots=True)
class _Space:
    bytes: int
    entries: int

    @classmethod
    def of(cls, folder: Path) -> _Space:
        found = os.statvfs(folder)
        return cls(found.f_bfree * found.f_frsize, found.f_ffree)

    def grew(self, since: _Space, noticed_bytes: int) -> bool:
        return since.bytes - self.bytes > noticed_bytes or since.entries - self.entries > NOTICED_ENTRIES


def _held(folders: Sequence[Path], enough: int) -> int:
    """Bytes on disk, counted no further than `enough`."""
    total = 0
    for folder in folders:
        for entry in walk(folder):
            total += max(entry.status.st_blocks * 512, ENTRY_BYTES)
            if total > enough:
                return total
    return total
