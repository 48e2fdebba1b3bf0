"""Every entry below a folder, without ever following a symlink and without trusting a path twice.

A box may rename and replace entries while the host walks: each folder is opened relative to the one above it,
so the walk cannot be led out of the tree, and what has vanished in between is left out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import TreeRefused

DEEPEST = 200
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Entry:
    """`folder` is an open descriptor, valid until the next entry is asked for; `path` is for messages only."""

    folder: int
    name: str
    path: str
    status: os.stat_result


def walk(top: Path) -> Iterator[Entry]:
    """The entries below `top`; raises TreeRefused where folders nest deeper than 200."""
    descriptor = os.open(top, _FOLDER)
    try:
        yield from _below(descriptor, str(top), 1)
    finally:
        os.close(descriptor)


def _below(folder: int, shown: str, depth: int) -> Iterator[Entry]:
    if depth > DEEPEST:
        raise TreeRefused(f"Folders in the tree are nested deeper than {DEEPEST}.")
    with os.scandir(folder) as entries:
        for found in entries:
            try:
                status = found.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            path = f"{shown}/{found.name}"
            yield Entry(folder, found.name, path, status)
            if not stat.S_ISDIR(status.st_mode):
                continue
            try:
                below = os.open(found.name, _FOLDER, dir_fd=folder)
            except OSError:  # gone, replaced by something else, or locked by its owner: nothing of it can be seen
                continue
            try:
                yield from _below(below, path, depth + 1)
            finally:
                os.close(below)
