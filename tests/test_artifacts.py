"""Content goes in whole and comes out as it was, or not at all."""

import asyncio
from pathlib import Path

import pytest

from adapters.artifacts import ArtifactCorrupt, ArtifactMissing, LocalArtifacts
from core import digests
from core.names import Digest


@pytest.fixture
def artifacts(tmp_path: Path) -> LocalArtifacts:
    return LocalArtifacts(tmp_path / "artifacts")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"a plan", bytes(range(256)) * 4096])
async def test_content_comes_back_from_its_hash(artifacts: LocalArtifacts, content: bytes):
    digest = await artifacts.put(content)
    assert digest == digests.content(content)
    assert await artifacts.get(digest) == content


async def test_the_same_content_put_by_many_at_once_is_one_file(artifacts: LocalArtifacts, tmp_path: Path):
    assert len(set(await asyncio.gather(*(artifacts.put(b"diff") for _ in range(8))))) == 1
    (file,) = _files(tmp_path)
    assert file.stat().st_mode & 0o077 == 0


async def test_content_that_was_altered_on_the_disk_is_never_given_out(artifacts: LocalArtifacts, tmp_path: Path):
    digest = await artifacts.put(b"approved plan")
    (file,) = _files(tmp_path)
    file.write_bytes(b"another plan")
    with pytest.raises(ArtifactCorrupt) as refused:
        await artifacts.get(digest)
    assert str(refused.value) == f"The artifact {digest[:12]} does not match its hash."
    await artifacts.put(b"approved plan")
    assert await artifacts.get(digest) == b"approved plan"


async def test_an_address_without_content_is_missing(artifacts: LocalArtifacts):
    with pytest.raises(ArtifactMissing):
        await artifacts.get(digests.content(b"never stored"))


@pytest.mark.parametrize("address", ["../../etc/passwd", "", "A" * 64, "a" * 63, "a" * 64 + "\n"])
async def test_what_is_no_address_reaches_no_path(artifacts: LocalArtifacts, address: str):
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        await artifacts.get(Digest(address))
