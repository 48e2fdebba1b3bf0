"""Where large values lie, addressed by the SHA-256 of their content.

Knowing an address is no permission: what may be read is asked of `store.artifacts`, by run and name.
"""

import asyncio
import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from core import digests
from core.errors import BotError
from core.names import Digest

log = structlog.get_logger()

_ADDRESS = re.compile(r"[0-9a-f]{64}")


class ArtifactMissing(BotError):
    """No content has this address here."""

    code = "artifact-missing"

    def remedy(self) -> str:
        return "The operator should check PULLWRIGHT_ARTIFACTS_URL: every process must see the same artifacts."


class ArtifactCorrupt(BotError):
    """What lies at the address is not the content that was stored there."""

    code = "artifact-corrupt"

    def remedy(self) -> str:
        return "The operator should check the disk; comment `/retry` for a new run."


class ArtifactStore(Protocol):
    async def put(self, content: bytes) -> Digest:
        """The address of the content, which is on disk when this returns."""
        ...

    async def get(self, digest: Digest) -> bytes:
        """The content. Raises ArtifactMissing, or ArtifactCorrupt where it does not hash to its address."""
        ...

    async def old(self, beginning: str, before: datetime) -> list[Digest]:
        """The addresses that begin with these two digits and whose content was last stored before this time."""
        ...

    async def remove(self, digest: Digest, before: datetime) -> bool:
        """Remove the content that no run needs. False: it is gone already, or was stored again since `before`.

        Whoever stores it just now keeps it, or stores it anew.
        """
        ...


class LocalArtifacts:
    """A folder of files, each named by its hash, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes) -> Digest:
        return await asyncio.to_thread(self._put, content)

    async def get(self, digest: Digest) -> bytes:
        return await asyncio.to_thread(self._get, digest)

    def _put(self, content: bytes) -> Digest:
        digest = digests.content(content)
        path = self._path(digest)
        # A file that a crash of the disk left wrong is mended by storing it again.
        if path.exists() and digests.content(path.read_bytes()) == digest:
            try:
                os.utime(path)  # from here on nobody removes it as old
            except FileNotFoundError:
                log.debug("artifact.stored_anew", digest=digest)  # it was removed meanwhile
            else:
                return digest
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{digest}.{secrets.token_hex(8)}")
        try:
            _write(draft, content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        for folder in (path.parent, self._folder):
            _sync_folder(folder)
        return digest

    def _get(self, digest: Digest) -> bytes:
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise ArtifactMissing(f"The artifact {digests.short(digest)} is not in this store.") from error
        if digests.content(content) != digest:
            raise ArtifactCorrupt(f"The artifact {digests.short(digest)} does not match its hash.")
        return content

    async def old(self, beginning: str, before: datetime) -> list[Digest]:
        return await asyncio.to_thread(self._old, beginning, before)

    async def remove(self, digest: Digest, before: datetime) -> bool:
        return await asyncio.to_thread(self._remove, digest, before)

    def _old(self, beginning: str, before: datetime) -> list[Digest]:
        folder = self._folder / beginning
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if one.stat().st_mtime < before.timestamp()]
        return sorted(Digest(name) for name in names if _ADDRESS.fullmatch(name))

    def _remove(self, digest: Digest, before: datetime) -> bool:
        """Moved away first: a `put` that touches it before is seen in its time, one that comes after finds nothing."""
        path = self._path(digest)
        away = path.with_name(f"{digest}.{secrets.token_hex(8)}")
        try:
            path.rename(away)
        except FileNotFoundError:
            return False
        if away.stat().st_mtime >= before.timestamp():
            away.replace(path)  # over one that was stored meanwhile: it is the same
            return False
        away.unlink()
        return True

    def _path(self, digest: Digest) -> Path:
        if not _ADDRESS.fullmatch(digest):
            raise ValueError("an artifact's address is 64 hexadecimal digits")
        return self._folder / digest[:2] / digest


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Put the folder's entries on disk: a rename is durable only then."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
