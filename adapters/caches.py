"""What is kept in files only because it would be dear to make again: a mirror, a layer of dependencies, read sources.

Whoever uses one says so by its time of change (`used`). `remove` moves it away before it looks at that time, so that
whoever came just before is seen, and whoever comes after finds nothing and makes it anew.
"""

import asyncio
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from adapters.git.checkout import delete


def used(path: Path) -> None:
    """From here on nobody removes it as old."""
    with suppress(FileNotFoundError):
        os.utime(path)


async def old(folder: Path, before: datetime) -> Sequence[Path]:
    """What lies in the folder and was last used before this time, in the order of the names."""
    return await asyncio.to_thread(_old, folder, before)


async def remove(path: Path, before: datetime) -> bool:
    """Delete a file or a folder, unless it was used since; whether it is gone."""
    away = path.with_name(f"gone-{secrets.token_hex(8)}")
    try:
        path.rename(away)
    except FileNotFoundError:
        return False
    if away.lstat().st_mtime >= before.timestamp():
        with suppress(OSError):  # it was made anew meanwhile, and is as good
            away.rename(path)
            return False
    await delete(away)
    return True


def _old(folder: Path, before: datetime) -> Sequence[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [one.path for one in entries if one.stat(follow_symlinks=False).st_mtime < before.timestamp()]
    except FileNotFoundError:
        return ()
    return [Path(path) for path in sorted(found)]
