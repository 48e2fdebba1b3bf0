"""A clone's own objects as one pack: how a run goes on with its work on another machine."""

from __future__ import annotations

import re
from pathlib import Path

from adapters.git.command import git

_LOOSE = re.compile(r"[0-9a-f]{2}")


async def pack(git_dir: Path) -> bytes:
    """Every object that lies in this git directory itself, and none that it borrows; empty where there is none."""
    own = _loose(git_dir)
    for index in (git_dir / "objects/pack").glob("*.idx"):
        shown = await git("show-index", git_dir=git_dir, stdin=index.read_bytes())
        own |= {line.split()[1] for line in shown.out.decode().splitlines()}
    if not own:
        return b""
    names = "".join(f"{name}\n" for name in sorted(own)).encode()
    return (await git("pack-objects", "--stdout", "--local", "--quiet", git_dir=git_dir, stdin=names)).out


async def unpack(git_dir: Path, content: bytes) -> None:
    """Take a pack in. Git checks every object against its id; raises GitFailed for a broken pack."""
    if content:
        await git("index-pack", "--stdin", git_dir=git_dir, stdin=content)


def _loose(git_dir: Path) -> set[str]:
    folders = [folder for folder in (git_dir / "objects").iterdir() if _LOOSE.fullmatch(folder.name)]
    return {folder.name + file.name for folder in folders for file in folder.iterdir() if len(file.name) == 38}
