"""From a tree that a box could write to a tree object.

Git only says which paths are ignored; our own reading, which nothing in the tree can lead astray, brings the content.
Every file is read each time: times and sizes are the box's to forge. Neither hooks, filters nor the `.git` of the tree
are ever looked at.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.git import objects
from adapters.git.changes import NOTHING, Change, changed_tree, refuse_leaving
from adapters.git.checkout import temporary_index
from adapters.git.command import git
from adapters.git.entries import contents, refuse_unfit_for_git
from core.names import Sha
from core.workspaces import GITLINK, NO_MODE, SYMLINK

Known = dict[bytes, tuple[str, str]]
"""Mode and blob by path."""


async def snapshot(git_dir: Path, tree: Path, last: Sha) -> Sha:
    """The tree object of the folder `tree`, in which `last` was checked out: what is in `last` is never ignored.

    Submodules of `last` stay as they are. Raises TreeRefused as `Workspace.snapshot` says.
    """
    await asyncio.to_thread(refuse_unfit_for_git, tree)
    known, wanted = await _known(git_dir, last), await _untracked(git_dir, tree, last)
    return await changed_tree(git_dir, last, await asyncio.to_thread(_differing, git_dir, tree, known, wanted))


async def _known(git_dir: Path, last: Sha) -> Known:
    listed = await git("ls-tree", "-r", "-z", "--full-tree", last, git_dir=git_dir)
    known: Known = {}
    for line in listed.out.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        mode, _, blob = meta.decode().split(" ")
        if mode != GITLINK:
            known[path] = (mode, blob)
    return known


async def _untracked(git_dir: Path, tree: Path, last: Sha) -> set[bytes]:
    """Paths that are new since `last` and not ignored. Only names come from here, and each is looked for again."""
    with temporary_index(git_dir) as index:
        await git("read-tree", last, git_dir=git_dir, env=index)
        listed = await git(
            "ls-files", "--others", "--exclude-standard", "-z", git_dir=git_dir, work_tree=tree, env=index
        )
    return set(listed.out.split(b"\0")[:-1])


def _differing(git_dir: Path, tree: Path, known: Known, untracked: set[bytes]) -> list[Change]:
    """The changes against `known`, their blobs stored. One file is in memory at a time."""
    gone = dict(known)
    changed = []
    with objects.store(git_dir) as keep:
        for found in contents(tree, known.keys() | untracked):
            old_mode, old = gone.pop(found.path, (NO_MODE, NOTHING))
            change = Change(found.path, old_mode, found.mode, old, objects.blob_id(found.content))
            if (old_mode, old) == (change.mode, change.new):
                continue
            if change.mode == SYMLINK:
                refuse_leaving(change.name, found.content)
            if change.name and change.new != old:
                keep(found.content)
            changed.append(change)
    deleted = [Change(path, mode, NO_MODE, blob, NOTHING) for path, (mode, blob) in gone.items()]
    for change in deleted:
        change.name  # noqa: B018  # a name that cannot be shown is refused here too
    return changed + deleted
