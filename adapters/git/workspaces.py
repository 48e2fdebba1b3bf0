"""The clones of runs: one folder per run, with its git directory, its tree, and scratch trees beside it.

`<root>/<run>/git` is the real git directory, which borrows the mirror's objects; `<root>/<run>/tree` is what a box
gets; `<root>/<run>/scratch/<name>` are further checked-out trees. All of it is a cache: `pack` carries what cannot be
fetched again.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from adapters.git import changes, files, history, hunks, objects, packs, remotes, snapshots, threeway
from adapters.git.checkout import check_out, delete, plant
from adapters.git.command import Remote, git
from adapters.git.mirrors import Mirrors
from core.boxes import Mount
from core.digests import ChangedPath
from core.errors import NotThere
from core.names import Repo, RunId, Sha
from core.workspaces import OBJECTS, PATCH_LIMIT_BYTES, Author, Diff, ListedFile, Merged, Pack

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LAST = "checked-out"


class Workspaces:
    """`objects_at` is where a box sees the mirror's objects; None where trees are used without a box."""

    def __init__(self, root: Path, mirrors: Mirrors, *, objects_at: str | None = OBJECTS) -> None:
        self.mirrors = mirrors
        self._root = root.absolute()
        self._objects_at = objects_at

    async def open(self, run_id: RunId, repo: Repo, base: Sha) -> GitWorkspace:
        """The run's workspace: as it was left on this machine, or new with `base` checked out.

        Raises NotThere where the mirror does not have the commit. A crash leaves either no clone or one that can be
        opened.
        """
        home = self._root / _named(run_id)
        mirror = self.mirrors.path(repo.id)
        if not (home / "git").is_dir():
            if not await self.mirrors.has(repo.id, base):
                raise NotThere(f"The commit {base[:12]} is not in the mirror of {repo.full_name}.")
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._root, prefix="new-", ignore_cleanup_errors=True) as folder:
                fresh = Path(folder, "run")
                plant(fresh / "git", base, str(mirror / "objects"))
                (fresh / "scratch").mkdir()
                fresh.rename(home)
        workspace = GitWorkspace(home, mirror, self._objects_at)
        if not workspace.tree.is_dir():
            await workspace.restore(workspace.last)
        return workspace

    async def all_(self) -> list[str]:
        """The names of the clones on this machine: each is the id of a run, and none is half made."""
        if not self._root.is_dir():
            return []
        names = await asyncio.to_thread(os.listdir, self._root)
        return sorted(name for name in names if _NAME.fullmatch(name) and not name.startswith("new-"))

    async def borrowed(self) -> set[Path]:
        """The mirrors that the clones on this machine borrow from."""
        return await asyncio.to_thread(self._borrowed)

    def _borrowed(self) -> set[Path]:
        named = self._root.glob("*/git/objects/info/alternates")
        return {Path(line).parent for path in named for line in path.read_text().splitlines()}

    async def remove(self, run_id: RunId) -> None:
        """Delete the run's clone from the disk, whoever owns its files; nothing where there is none."""
        await delete(self._root / _named(run_id))


class GitWorkspace:
    """See `core.workspaces.Workspace`."""

    def __init__(self, home: Path, mirror: Path, objects_at: str | None) -> None:
        self._home = home
        self._mirror = mirror
        self._objects_at = objects_at
        self._git_dir = home / "git"
        self.tree = home / "tree"
        self.base = Sha((self._git_dir / "HEAD").read_text().strip())

    @property
    def mounts(self) -> Sequence[Mount]:
        return (Mount(self._mirror / "objects", self._objects_at),) if self._objects_at else ()

    @property
    def last(self) -> Sha:
        """The tree or commit that was checked out last."""
        kept = self._git_dir / _LAST
        return Sha(kept.read_text().strip()) if kept.is_file() else self.base

    async def snapshot(self) -> Sha:
        return await snapshots.snapshot(self._git_dir, self.tree, self.last)

    async def restore(self, tree: Sha) -> None:
        await delete(self.tree)
        await self._check_out(tree, self.tree)
        fresh = self._git_dir / f"{_LAST}.new"
        fresh.write_text(f"{tree}\n")
        fresh.rename(self._git_dir / _LAST)

    async def scratch(self, tree: Sha, name: str) -> Path:
        await self.discard(name)
        folder = self._scratch(name)
        await self._check_out(tree, folder)
        return folder

    async def discard(self, name: str) -> None:
        await delete(self._scratch(name))

    async def commit(self, tree: Sha, parents: Sequence[Sha], message: str, author: Author, when: datetime) -> Sha:
        if parents:
            await changes.refuse_hostile(self._git_dir, await changes.changes(self._git_dir, parents[0], tree))
        return await history.commit(self._git_dir, tree, parents, message, author, when)

    async def overlay(self, base: Sha, head: Sha, paths: Iterable[str]) -> Sha:
        return await changes.overlay(self._git_dir, base, head, paths)

    async def put(self, tree: Sha, path: str, content: bytes) -> Sha:
        return await files.put(self._git_dir, tree, path, content)

    async def merged(self, base: Sha, ours: Sha, theirs: Sha) -> Merged:
        return await threeway.merged(self._git_dir, base, ours, theirs)

    async def parents(self, commit: Sha) -> tuple[Sha, ...]:
        return await history.parents(self._git_dir, commit)

    async def commits_between(self, base: Sha, head: Sha) -> int:
        return await history.commits_between(self._git_dir, base, head)

    async def changed_paths(self, base: Sha, head: Sha) -> tuple[ChangedPath, ...]:
        return await changes.changed_paths(self._git_dir, base, head)

    async def diff(self, base: Sha, head: Sha, *, limit_bytes: int = PATCH_LIMIT_BYTES) -> Diff:
        return await changes.diff(self._git_dir, base, head, limit_bytes)

    async def shown_lines(self, base: Sha, head: Sha) -> dict[str, list[tuple[int, int]]]:
        return await hunks.shown_lines(self._git_dir, base, head, PATCH_LIMIT_BYTES)

    async def read(self, tree: Sha, path: str, limit_bytes: int) -> bytes | None:
        return await asyncio.to_thread(objects.read, self._git_dir, tree, path, limit_bytes)

    async def blob(self, blob: Sha) -> bytes:
        return await asyncio.to_thread(objects.content, self._git_dir, blob)

    async def tree_of(self, commit: Sha) -> Sha:
        return await history.tree_of(self._git_dir, commit)

    async def list_files(self, tree: Sha) -> list[ListedFile]:
        listed = await git("ls-tree", "-r", "-l", "-z", "--full-tree", tree, git_dir=self._git_dir)
        return [_listed(line) for line in listed.out.split(b"\0")[:-1]]

    async def merge_base(self, one: Sha, other: Sha) -> Sha | None:
        return await history.merge_base(self._git_dir, one, other)

    async def merge_bases(self, one: Sha, other: Sha) -> tuple[Sha, ...]:
        return await history.merge_bases(self._git_dir, one, other)

    async def touching(self, before: Sha, head: Sha, paths: Sequence[str], count: int) -> list[tuple[Sha, str]]:
        return await history.touching(self._git_dir, before, head, paths, count)

    async def recent_subjects(self, count: int) -> list[str]:
        return await history.recent_subjects(self._git_dir, self.base, count)

    async def signs_off(self, count: int) -> bool:
        return await history.signs_off(self._git_dir, self.base, count)

    async def push(self, url: str, branch: str, sha: Sha, expected: Sha | None, token: str | None) -> None:
        await remotes.push(self._git_dir, Remote(url, token), branch, sha, expected)

    async def remote_branch(self, url: str, branch: str, token: str | None) -> Sha | None:
        return await remotes.remote_branch(self._git_dir, Remote(url, token), branch)

    async def fetch(self, url: str, ref: str, token: str | None) -> Sha:
        return await remotes.fetch(self._git_dir, Remote(url, token), ref)

    async def has(self, sha: Sha) -> bool:
        return (await git("cat-file", "-e", sha, git_dir=self._git_dir, ok=(0, 1, 128))).code == 0

    async def pack(self, kept: Sequence[str] = ()) -> Pack:
        return await packs.pack(self._git_dir, kept)

    async def unpack(self, pack: bytes) -> None:
        await packs.unpack(self._git_dir, pack)

    def holds(self, pack_id: str) -> bool:
        return packs.holds(self._git_dir, pack_id)

    async def remove(self) -> None:
        await delete(self._home)

    async def _check_out(self, tree: Sha, into: Path) -> None:
        await check_out(
            self._git_dir,
            tree,
            into,
            base=self.base,
            objects=self._objects_at or str(self._mirror / "objects"),
            packed_refs=self._mirror / "packed-refs",
        )

    def _scratch(self, name: str) -> Path:
        return self._home / "scratch" / _named(name)


def _named(name: str) -> str:
    """The name, if it is fit for a folder of its own."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a folder: lower-case letters, digits and dashes only.")
    return name


def _listed(line: bytes) -> ListedFile:
    meta, _, path = line.partition(b"\t")
    mode, _, _, size = meta.decode().split()
    return ListedFile(mode, path.decode("utf-8", "surrogateescape"), 0 if size == "-" else int(size))
