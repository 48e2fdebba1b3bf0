"""What differs between two commits or trees, and the trees made of such differences."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.git import objects
from adapters.git.checkout import temporary_index
from adapters.git.command import git
from adapters.git.entries import leaves, shown
from core.digests import ChangedPath
from core.errors import TreeRefused
from core.names import Sha
from core.workspaces import GITLINK, NO_MODE, SYMLINK, Diff

NOTHING = "0" * 40
"""Git's id for what does not exist."""

_COMPARE = ("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")


@dataclass(frozen=True, slots=True)
class Change:
    """One path of a raw diff; an id is forty zeros where the path does not exist on that side."""

    path: bytes
    old_mode: str
    mode: str
    old: str
    new: str

    @property
    def name(self) -> str:
        """The path as text. Raises TreeRefused where it is not UTF-8: neither GitHub nor a digest could say it."""
        try:
            return self.path.decode()
        except UnicodeDecodeError:
            raise TreeRefused(f"The name {shown(self.path)} is not UTF-8.") from None


async def changes(git_dir: Path, base: Sha, head: Sha) -> list[Change]:
    """Every path that differs, in git's order."""
    raw = await git(*_COMPARE, "--raw", "--no-abbrev", "--end-of-options", base, head, git_dir=git_dir)
    fields = raw.out.split(b"\0")[:-1]
    found = []
    for meta, path in zip(fields[::2], fields[1::2], strict=True):
        old_mode, mode, old, new, _ = meta.decode().lstrip(":").split(" ")
        found.append(Change(path, old_mode, mode, old, new))
    return found


async def changed_paths(git_dir: Path, base: Sha, head: Sha) -> tuple[ChangedPath, ...]:
    rows = [
        ChangedPath(
            path=change.name,
            mode=change.mode,
            base_blob=None if change.old == NOTHING else change.old,
            head_blob=None if change.new == NOTHING else change.new,
        )
        for change in await changes(git_dir, base, head)
    ]
    return tuple(sorted(rows, key=lambda row: row.path))


async def diff(git_dir: Path, base: Sha, head: Sha, limit_bytes: int) -> Diff:
    paths = await changed_paths(git_dir, base, head)
    counted = await git(*_COMPARE, "--numstat", "--end-of-options", base, head, git_dir=git_dir)
    additions = deletions = 0
    binary = []
    for line in counted.out.decode().split("\0")[:-1]:
        added, deleted, path = line.split("\t", 2)
        if added == "-":
            binary.append(path)
        else:
            additions, deletions = additions + int(added), deletions + int(deleted)
    patch = await git(
        *(argument for argument in _COMPARE if argument != "-z"),
        *("--patch", "--full-index", "--end-of-options", base, head),
        git_dir=git_dir,
        limit_bytes=limit_bytes,
    )
    return Diff(paths, additions, deletions, patch.out, patch.truncated, tuple(binary))


async def overlay(git_dir: Path, base: Sha, head: Sha, paths: Iterable[str]) -> Sha:
    """A tree: `base` with these paths as they are in `head`."""
    wanted = {path.rstrip("/") for path in paths}
    chosen = [
        change
        for change in await changes(git_dir, base, head)
        if any(change.path == path.encode() or change.path.startswith(f"{path}/".encode()) for path in wanted)
    ]
    return await changed_tree(git_dir, base, chosen)


async def changed_tree(git_dir: Path, base: Sha, chosen: Sequence[Change]) -> Sha:
    """The tree that these changes make of `base`. Deletions come first: a folder may take the place of a file."""
    ordered = sorted(chosen, key=lambda change: change.mode != NO_MODE)
    lines = b"".join(
        b"%s %s\t%s\0" % (change.mode.lstrip("0").encode() or b"0", change.new.encode(), change.path)
        for change in ordered
    )
    with temporary_index(git_dir) as index:
        await git("read-tree", base, git_dir=git_dir, env=index)
        if lines:
            await git("update-index", "--replace", "-z", "--index-info", git_dir=git_dir, env=index, stdin=lines)
        return Sha((await git("write-tree", git_dir=git_dir, env=index)).text)


async def refuse_hostile(git_dir: Path, found: Sequence[Change]) -> None:
    """Raise TreeRefused where a change brings a submodule, a symlink that leaves the tree, or a name that cannot be
    shown.
    """
    for change in found:
        name = change.name
        if change.mode == GITLINK and change.old_mode != GITLINK:
            raise TreeRefused(f"{shown(name)} is a new submodule; a change must bring its content itself.")
        if change.mode == SYMLINK:
            refuse_leaving(name, await asyncio.to_thread(objects.content, git_dir, Sha(change.new)))


def refuse_leaving(name: str, target: bytes) -> None:
    if leaves(name, target):
        raise TreeRefused(f"{shown(name)} is a symlink to {shown(target)}, which leads out of the tree.")
