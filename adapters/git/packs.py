"""A clone's own objects as packs, each beside those kept before it: how a run goes on with its work on another machine.

A pack is known by the checksum that git ends it with. What is in one of them is written down beside the objects when it
is made, and told by its index where it was taken in.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from adapters.git.command import git
from core.workspaces import Pack

_LOOSE = re.compile(r"[0-9a-f]{2}")
_COUNT = slice(8, 12)
"""Where a pack says how many objects it has."""
_ID_BYTES = 20
_FANOUT_ENDS = 8 + 256 * 4
"""A pack index of version 2: eight bytes, 256 counts of which the last is that of all, and then the ids. See
gitformat-pack(5)."""


async def pack(git_dir: Path, kept: Sequence[str] = ()) -> Pack:
    """Every object that lies in this git directory itself, and none that it borrows or that is in these packs.

    `kept`: their ids, oldest first; all were made or taken in here. The last of them are done anew as parts of this one
    as long as they have no more objects than it, so that however often a little is added there are few packs, and
    what is in them was packed a few times only.
    """
    own, before = await asyncio.to_thread(_own, git_dir, kept)
    new = own - set().union(*before)
    beside = len(before)
    while new and beside and len(before[beside - 1]) <= len(new):
        beside -= 1
        new |= before[beside]
    if not new:
        return Pack(b"", len(before))
    names = "".join(f"{name}\n" for name in sorted(new)).encode()
    packed = await git("pack-objects", "--stdout", "--local", "--quiet", git_dir=git_dir, stdin=names)
    if packed.out[_COUNT] == bytes(4):  # the mirror came to have them all
        return Pack(b"", len(before))
    made = Pack(packed.out, beside)
    _write_down(git_dir, made.id, names)
    return made


async def unpack(git_dir: Path, content: bytes) -> None:
    """Take a pack in. Git checks every object against its id; raises GitFailed for a broken pack."""
    if content:
        await git("index-pack", "--stdin", git_dir=git_dir, stdin=content)


def holds(git_dir: Path, pack_id: str) -> bool:
    """Whether the pack of this id was made or taken in here."""
    return _written(git_dir, pack_id).is_file() or _index(git_dir, pack_id).is_file()


def _own(git_dir: Path, kept: Sequence[str]) -> tuple[set[str], list[set[str]]]:
    """What lies here, beside the packs that are kept; and what is in each of those."""
    own = _loose(git_dir)
    for index in (git_dir / "objects/pack").glob("pack-*.idx"):
        if index.stem.removeprefix("pack-") not in kept:
            own |= _listed(index)
    return own, [_contents(git_dir, pack_id) for pack_id in kept]


def _contents(git_dir: Path, pack_id: str) -> set[str]:
    written = _written(git_dir, pack_id)
    return set(written.read_text().split()) if written.is_file() else _listed(_index(git_dir, pack_id))


def _listed(index: Path) -> set[str]:
    content = index.read_bytes()
    if content[:8] != b"\xfftOc\0\0\0\2":
        raise ValueError(f"{index.name} is no pack index of version 2.")
    (count,) = struct.unpack_from(">I", content, _FANOUT_ENDS - 4)
    ends = _FANOUT_ENDS + count * _ID_BYTES
    return {content[at : at + _ID_BYTES].hex() for at in range(_FANOUT_ENDS, ends, _ID_BYTES)}


def _write_down(git_dir: Path, pack_id: str, names: bytes) -> None:
    file = _written(git_dir, pack_id)
    file.parent.mkdir(exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_bytes(names)
    fresh.rename(file)


def _written(git_dir: Path, pack_id: str) -> Path:
    return git_dir / "kept" / pack_id


def _index(git_dir: Path, pack_id: str) -> Path:
    return git_dir / f"objects/pack/pack-{pack_id}.idx"


def _loose(git_dir: Path) -> set[str]:
    folders: Iterable[Path] = (git_dir / "objects").iterdir()
    found = [folder for folder in folders if _LOOSE.fullmatch(folder.name)]
    return {folder.name + file.name for folder in found for file in folder.iterdir() if len(file.name) == 38}
