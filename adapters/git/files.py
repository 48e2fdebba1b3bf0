"""One file, put into a tree that is objects alone: nothing is checked out, and no box is needed.

The path comes from a workflow, and the tree may be what a box left: neither is believed. What is refused here is what a
snapshot of the same file would refuse, and what could not be checked out again.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.git import objects
from adapters.git.changes import NOTHING, Change, changed_tree
from adapters.git.command import git
from adapters.git.entries import DEEPEST, is_git, shown
from core.errors import TreeRefused
from core.names import Sha
from core.workspaces import FILE_LIMIT_BYTES, GITLINK, NO_MODE, SYMLINK

LONGEST_NAME_BYTES = 255
"""What the file systems take that a tree is checked out on."""

_REGULAR, _EXECUTABLE = "100644", "100755"
_IN_THE_WAY = {SYMLINK: "a symlink", GITLINK: "a submodule"}


async def put(git_dir: Path, tree: Sha, path: str, content: bytes) -> Sha:
    """A tree: `tree`, with this content at `path`. Raises TreeRefused as `Workspace.put` says."""
    name = _fit(path)
    if len(content) > FILE_LIMIT_BYTES:
        raise TreeRefused(
            f"{shown(path)} would be larger than {FILE_LIMIT_BYTES // 1024**2} MiB, which GitHub does not take."
        )
    mode, blob = await _there(git_dir, tree, name)
    await asyncio.to_thread(_keep, git_dir, content)
    kept = mode if mode == _EXECUTABLE else _REGULAR
    return await changed_tree(git_dir, tree, [Change(name, mode, kept, blob, objects.blob_id(content))])


def _fit(path: str) -> bytes:
    """The path as git has it. Raises TreeRefused where it is none that stays in the tree, on any file system."""
    try:
        name = path.encode()
    except UnicodeEncodeError:
        raise TreeRefused(f"The name {shown(path)} is not UTF-8.") from None
    parts = path.split("/")
    if "\0" in path or not all(parts) or {".", ".."} & set(parts):
        raise TreeRefused(f"{shown(path) or 'An empty name'} is not a path within the tree.")
    # To git on Windows a backslash ends a name as well.
    if any(is_git(word) for part in parts for word in part.split("\\")):
        raise TreeRefused(f"{shown(path)} could be taken for a git directory.")
    if len(parts) > DEEPEST:
        raise TreeRefused(f"{shown(path)} is nested deeper than {DEEPEST} folders.")
    if any(len(part) > LONGEST_NAME_BYTES for part in name.split(b"/")):
        raise TreeRefused(f"{shown(path)} has a name of more than {LONGEST_NAME_BYTES} bytes in it.")
    return name


async def _there(git_dir: Path, tree: Sha, name: bytes) -> tuple[str, str]:
    """Mode and blob of the regular file that has this path now; `000000` and zeros where nothing is in the way."""
    above = {name[:at] for at, byte in enumerate(name) if byte == 0x2F}
    listed = await git("ls-tree", "-r", "-z", "--full-tree", tree, git_dir=git_dir)
    for line in listed.out.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        mode, _, blob = meta.decode().split(" ")
        if path in above:
            raise TreeRefused(f"{shown(name)} cannot be written: {shown(path)} is {_IN_THE_WAY.get(mode, 'a file')}.")
        if path.startswith(name + b"/"):
            raise TreeRefused(f"{shown(name)} cannot be written: it is a folder.")
        if path == name and mode in _IN_THE_WAY:
            raise TreeRefused(f"{shown(name)} cannot be written: it is {_IN_THE_WAY[mode]}.")
        if path == name:
            return mode, blob
    return NO_MODE, NOTHING


def _keep(git_dir: Path, content: bytes) -> None:
    with objects.store(git_dir) as keep:
        keep(content)
