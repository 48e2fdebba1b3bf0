"""A bare mirror per repository: what was fetched once is borrowed by every clone and never fetched again.

Nothing within one is ever pruned or packed away: a clone borrows objects by their place on the disk and would break. A
mirror goes as a whole, when no clone borrows from it and nobody used it for long.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from adapters import caches
from adapters.git.command import Remote, git
from core.names import Sha

_SHA = re.compile(r"[0-9a-f]{40}")


class Mirrors:
    """The mirrors of this machine, in one folder, named by repository id: a rename changes nothing."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def path(self, repository_id: int) -> Path:
        return self._root / f"{repository_id:d}.git"

    async def fetch(self, repository_id: int, url: str, token: str | None, refs: Iterable[str]) -> None:
        """Bring these into the mirror: branch names, full references, or SHAs. Tags that point into them come along.

        One fetch per mirror at a time, over all processes: the second finds most of it there. Raises NotThere for a
        reference that the remote does not have; nothing is fetched then.
        """
        remote = Remote(url, token)
        specs = [f"+{source}:{kept}" for source, kept in map(_reference, refs)]
        async with self._alone(repository_id):
            mirror = await self._made(repository_id)
            await git(
                *("fetch", "--quiet", "--no-auto-maintenance", "--no-write-fetch-head", "--no-prune"),
                *("--end-of-options", remote.url, *specs),
                git_dir=mirror,
                remote=remote,
            )
            await git("pack-refs", "--all", git_dir=mirror)

    async def has(self, repository_id: int, sha: Sha) -> bool:
        mirror = self.path(repository_id)
        if not mirror.is_dir():
            return False
        caches.used(mirror)
        return (await git("cat-file", "-e", f"{sha}^{{commit}}", git_dir=mirror, ok=(0, 1, 128))).code == 0

    async def old(self, before: datetime) -> list[Path]:
        """The mirrors that nobody used since then, and what a crash left of others."""
        return [path for path in await caches.old(self._root, before) if not path.name.endswith(".lock")]

    async def remove(self, mirror: Path, before: datetime) -> bool:
        """Delete one of `old()`, unless it was used since; whether it is gone. No clone may borrow from it.

        Whoever makes a clone asks `has` first, which is a use of it.
        """
        if not (repository_id := mirror.name.removesuffix(".git")).isdigit():
            return await caches.remove(mirror, before)
        async with self._alone(int(repository_id)):
            return await caches.remove(mirror, before)

    async def forget(self, repository_id: int) -> None:
        """Delete the mirror of a repository that is ours no more. Only where no clone is left that borrows from it."""
        if not self.path(repository_id).is_dir():
            return
        async with self._alone(repository_id):
            await asyncio.to_thread(shutil.rmtree, self.path(repository_id), ignore_errors=True)

    async def _made(self, repository_id: int) -> Path:
        """The mirror's folder; a crash leaves no half of one under its name."""
        mirror = self.path(repository_id)
        if not mirror.is_dir():
            with tempfile.TemporaryDirectory(dir=self._root, prefix="new-", ignore_cleanup_errors=True) as folder:
                fresh = Path(folder, "git")
                fresh.mkdir(mode=0o755)
                await git("init", "--quiet", "--bare", "--template=", git_dir=fresh)
                fresh.rename(mirror)
        return mirror

    @asynccontextmanager
    async def _alone(self, repository_id: int) -> AsyncIterator[None]:
        """The mirror's file lock.

        Asked for again and again rather than waited for in a thread, which could not be cancelled.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._root / f"{repository_id:d}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            pause = 0.005
            while not _locked(descriptor):
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.25)
            yield
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _reference(name: str) -> tuple[str, str]:
    """What is asked of the remote, and the reference that keeps it in the mirror."""
    if _SHA.fullmatch(name):
        return name, f"refs/pullwright/{name}"
    full = name if name.startswith("refs/") else f"refs/heads/{name}"
    if ":" in full or "*" in full:
        raise ValueError(f"{name!r} is not the name of one reference.")
    return full, full
