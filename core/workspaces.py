"""The workspace: the ephemeral clone of one run. Values and protocols only.

Its git directory lies outside the tree; the tree is all that a box sees. After a box ran, everything in the tree is
hostile: nothing but `snapshot` looks at it, and only while no process of a box is alive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from core.boxes import Mount
from core.digests import ChangedPath
from core.names import Repo, RunId, Sha

OBJECTS = "/objects"
"""Where a box finds the repository's objects, read-only, for the throwaway `.git` of its tree."""

BRANCHES = "pullwright/"
"""What the name of every branch begins with that the bot may push."""

PATCH_LIMIT_BYTES = 2_000_000
FILE_LIMIT_BYTES = 100 * 1024 * 1024
"""GitHub refuses larger files. https://docs.github.com/en/repositories/working-with-files/managing-large-files"""

GITLINK = "160000"
SYMLINK = "120000"
NO_MODE = "000000"
"""The mode of a path that a change deletes."""


class Author(NamedTuple):
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ListedFile:
    """An entry of a commit. `size` is in bytes, and 0 for a submodule."""

    mode: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What a three-way merge of trees came to."""

    tree: Sha | None
    """None where both sides changed the same lines."""
    marked: Sha | None = None
    """Then the tree with what could be put together, and conflict markers in texts that could not."""
    conflicts: tuple[str, ...] = ()
    """The paths in which they did, as they can be shown."""


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two commits or trees; a rename is a deletion and an addition.

    Lines of `binary` paths are not counted. `patch` is raw bytes, cut at a limit where `truncated` says so.
    """

    paths: tuple[ChangedPath, ...]
    additions: int
    deletions: int
    patch: bytes
    truncated: bool = False
    binary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pack:
    """Objects of a workspace; no content where there is nothing to be kept."""

    content: bytes
    beside: int
    """How many of the packs before it are needed with it, the oldest ones: it has all of the others too."""

    @property
    def id(self) -> str:
        """The checksum that it ends with, by which git names it too."""
        return self.content[-20:].hex()


class Workspace(Protocol):
    """One run's clone. Trees and commits are named by object id; a method that takes a tree takes a commit too."""

    @property
    def base(self) -> Sha:
        """The commit that the run began at."""
        ...

    @property
    def tree(self) -> Path:
        """The folder that a box gets. `restore` puts another one in its place: open a new box after it."""
        ...

    @property
    def mounts(self) -> Sequence[Mount]:
        """What a box needs beside the tree, so that `git status`, `diff` and `log` work there."""
        ...

    async def snapshot(self) -> Sha:
        """The tree object of the tree as it is now.

        Ignored files are left out, by the ignore files of the tree. Raises TreeRefused, naming the path, for what must
        not be committed: a `.git` below the root, a symlink that leaves, a file over 100 MiB, a name that is not UTF-8.
        No process of a box may be alive; should one be, at worst the snapshot is refused or mixes two moments, and
        still nothing outside the tree is read.
        """
        ...

    async def restore(self, tree: Sha) -> None:
        """Make the tree equal to `tree`: everything else in it goes, ignored files too."""
        ...

    async def scratch(self, tree: Sha, name: str) -> Path:
        """Another folder with `tree` checked out, in place of an earlier one of that name. `discard` removes it."""
        ...

    async def discard(self, name: str) -> None: ...

    async def commit(self, tree: Sha, parents: Sequence[Sha], message: str, author: Author, when: datetime) -> Sha:
        """The commit; the same arguments give the same id.

        Raises TreeRefused as `snapshot` does, compared to the first parent.
        """
        ...

    async def overlay(self, base: Sha, head: Sha, paths: Iterable[str]) -> Sha:
        """A tree: `base`, with these paths (files, or folders with all below) as they are in `head`."""
        ...

    async def put(self, tree: Sha, path: str, content: bytes) -> Sha:
        """A tree: `tree`, with this content in the file at `path`, made of objects alone: the work tree stays as it is.

        A new file is not executable; one that is there keeps its mode. Raises TreeRefused for a path that is not a
        plain way down the tree (absolute, `..`, empty names, what any git would take for `.git`, not UTF-8), that a
        file, a symlink or a submodule is in the way of, or that is a folder; and for more than 100 MiB.
        """
        ...

    async def merged(self, base: Sha, ours: Sha, theirs: Sha) -> "Merged":
        """What both sides made of `base`, put together; each is a commit or a tree."""
        ...

    async def parents(self, commit: Sha) -> tuple[Sha, ...]:
        """The parents of a commit, in their order."""
        ...

    async def changed_paths(self, base: Sha, head: Sha) -> tuple[ChangedPath, ...]:
        """Sorted by path; `mode` is that of the head, or `000000` where the path is deleted."""
        ...

    async def diff(self, base: Sha, head: Sha, *, limit_bytes: int = PATCH_LIMIT_BYTES) -> Diff: ...

    async def shown_lines(self, base: Sha, head: Sha) -> dict[str, list[tuple[int, int]]]:
        """The lines of `head` that a diff between the two shows: by path, the first and last of each stretch."""
        ...

    async def read(self, tree: Sha, path: str, limit_bytes: int) -> bytes | None:
        """The first `limit_bytes` of a regular file, or None where there is none at this path."""
        ...

    async def blob(self, blob: Sha) -> bytes:
        """All of a file's content, or where a symlink leads."""
        ...

    async def tree_of(self, commit: Sha) -> Sha:
        """The tree of a commit."""
        ...

    async def list_files(self, tree: Sha) -> list[ListedFile]: ...

    async def merge_base(self, one: Sha, other: Sha) -> Sha | None: ...
    async def merge_bases(self, one: Sha, other: Sha) -> tuple[Sha, ...]:
        """All that whoever merges the two may start from, in no order that means anything. Of several, `merge_base()`
        tells one; a merge takes all of them into account.
        """
        ...

    async def commits_between(self, base: Sha, head: Sha) -> int:
        """How many commits `head` has that `base` has not, merges left out."""
        ...

    async def touching(self, before: Sha, head: Sha, paths: Sequence[str], count: int) -> list[tuple[Sha, str]]:
        """Commits that `head` has and `before` has not and that change one of the paths: id and first line, newest
        first, so many at most.
        """
        ...

    async def recent_subjects(self, count: int) -> list[str]:
        """The first lines of the newest commits up to the base, merges left out, newest first."""
        ...

    async def signs_off(self, count: int) -> bool:
        """Whether most of those commits carry `Signed-off-by` (the Developer Certificate of Origin)."""
        ...

    async def push(self, url: str, branch: str, sha: Sha, expected: Sha | None, token: str | None) -> None:
        """Put the branch at `sha` if it is at `expected` (None: if it does not exist), or at `sha` already.

        Raises BranchMoved where it is elsewhere, PushRefused where GitHub refuses, ValueError for a branch that does
        not begin with `pullwright/`.
        """
        ...

    async def remote_branch(self, url: str, branch: str, token: str | None) -> Sha | None: ...

    async def fetch(self, url: str, ref: str, token: str | None) -> Sha:
        """The commit a branch, full reference or SHA of the remote names, with all its objects in this workspace."""
        ...

    async def has(self, sha: Sha) -> bool:
        """Whether this workspace, or the mirror it borrows from, holds this object."""
        ...

    async def pack(self, kept: Sequence[str] = ()) -> Pack:
        """Every object of this workspace that neither its mirror has nor these packs, which `holds` knows."""
        ...

    async def unpack(self, pack: bytes) -> None:
        """Take in what `pack` gave on another machine. Its mirror must know the base."""
        ...

    def holds(self, pack_id: str) -> bool:
        """Whether what is in the pack of this id is here: it was made here, or taken in."""
        ...

    async def remove(self) -> None:
        """Delete the clone from the disk. May be called twice."""
        ...


class Workspaces(Protocol):
    async def open(self, run_id: RunId, repo: Repo, base: Sha) -> Workspace:
        """The run's workspace: as it was left on this machine, or new with `base` checked out.

        Raises NotThere where the repository's mirror does not have the commit: fetch it first.
        """
        ...

    async def remove(self, run_id: RunId) -> None: ...
