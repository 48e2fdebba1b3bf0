"""What lies in a tree after a box ran, read as the work of an enemy.

Folders are opened relative to the one above, files without following links, and what was opened is looked at again
before it is read: a symlink or a swap can make the reading fail, never lead it out of the tree. A second name of a file
(a hard link) is harmless, as the host only reads here and a link cannot cross the box's mounts.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import TreeRefused
from core.workspaces import FILE_LIMIT_BYTES, SYMLINK

DEEPEST = 200
IGNORE_LIMIT_BYTES = 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_GIT = ".git"
_IGNORE = ".gitignore"


@dataclass(frozen=True, slots=True)
class Found:
    """A file or symlink of a tree; `content` is a symlink's target."""

    path: bytes
    mode: str
    content: bytes


def refuse_unfit_for_git(tree: Path) -> None:
    """Raise TreeRefused for what host git must not meet when it lists the tree.

    That is an entry below the root that some git, on some file system, would take for `.git` (the root's own is the
    throwaway that the box was given, and is passed over), and ignore rules that git would wait for, or that are too
    large for it: it reads them whole, and 2 GiB of them crash it.
    """
    for entry in _walk(tree, lambda _: True):
        if is_git(entry.name):
            raise TreeRefused(
                f"{shown(entry.path)} could be taken for a git directory; only the root of a tree may have one."
            )
        if entry.name == _IGNORE:
            _refuse_unfit_rules(entry)


def contents(tree: Path, wanted: set[bytes]) -> Iterator[Found]:
    """The regular files and symlinks among `wanted` paths that exist now.

    What git cannot store (a socket, a pipe) is left out.
    """
    folders = {path[:at] for path in wanted for at, byte in enumerate(path) if byte == 0x2F}
    for entry in _walk(tree, folders.__contains__):
        if entry.path not in wanted:
            continue
        if stat.S_ISLNK(entry.status.st_mode):
            with _unreadable(entry.path):
                target = os.readlink(entry.name, dir_fd=entry.folder)
            yield Found(entry.path, SYMLINK, os.fsencode(target))
        elif stat.S_ISREG(entry.status.st_mode):
            yield _file(entry)


def is_git(name: str) -> bool:
    """Whether a name is `.git` to a file system that folds case, drops invisible characters, trailing dots or spaces,
    or has streams.

    The rules are those of git's own fsck: HFS+ ignores format characters, NTFS has the short name `git~1` and
    `.git::$INDEX_ALLOCATION`.
    """
    visible = "".join(letter for letter in name if unicodedata.category(letter) != "Cf").lower()
    plain = visible.partition(":")[0].rstrip(". ")
    return plain in (_GIT, "git~1")


def leaves(path: str, target: bytes) -> bool:
    """Whether a symlink at `path` points, or could be made to point, out of the tree or at a git directory.

    `..` is allowed only at the beginning of the target: behind the name of another symlink it means something that
    cannot be read off the text.
    """
    parts = target.split(b"/")
    ups = next((at for at, part in enumerate(parts) if part not in (b"..", b".", b"")), len(parts))
    climbs = parts[:ups].count(b"..")
    return (
        target.startswith(b"/")
        or climbs > path.count("/")
        or b".." in parts[ups:]
        or any(is_git(os.fsdecode(part)) for part in parts)
    )


def shown(path: bytes | str) -> str:
    """A path for a sentence: printable, whatever the name is."""
    text = path.decode("utf-8", "backslashreplace") if isinstance(path, bytes) else path
    return ascii(text) if not text.isprintable() else text


@dataclass(frozen=True, slots=True)
class _Entry:
    """`folder` is an open descriptor, valid until the next entry is asked for."""

    folder: int
    name: str
    path: bytes
    status: os.stat_result


def _walk(tree: Path, enter: Callable[[bytes], bool]) -> Iterator[_Entry]:
    with _unreadable(b"."):
        descriptor = os.open(tree, _FOLDER)
    try:
        yield from _below(descriptor, b"", 1, enter)
    finally:
        os.close(descriptor)


def _below(folder: int, path: bytes, depth: int, enter: Callable[[bytes], bool]) -> Iterator[_Entry]:
    if depth > DEEPEST:
        raise TreeRefused(f"Folders in the tree are nested deeper than {DEEPEST}.")
    with _unreadable(path):
        names = os.listdir(folder)
    for name in names:
        if depth == 1 and name == _GIT:
            continue
        below = path + os.fsencode(name)
        with _unreadable(below):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        yield _Entry(folder, name, below, status)
        if not stat.S_ISDIR(status.st_mode) or not enter(below):
            continue
        with _unreadable(below):
            descriptor = os.open(name, _FOLDER, dir_fd=folder)
        try:
            yield from _below(descriptor, below + b"/", depth + 1, enter)
        finally:
            os.close(descriptor)


def _refuse_unfit_rules(entry: _Entry) -> None:
    """Git does not follow a symlink here, and a folder says nothing to it."""
    mode = entry.status.st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
        raise TreeRefused(f"{shown(entry.path)} is not a regular file.")
    if stat.S_ISREG(mode) and entry.status.st_size > IGNORE_LIMIT_BYTES:
        raise TreeRefused(f"{shown(entry.path)} is larger than 1 MiB, which ignore rules never are.")


def _file(entry: _Entry) -> Found:
    with _unreadable(entry.path):
        descriptor = os.open(entry.name, _FILE, dir_fd=entry.folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _changed(entry.path)
        content = file.read(FILE_LIMIT_BYTES + 1)
    if len(content) > FILE_LIMIT_BYTES:
        raise TreeRefused(
            f"{shown(entry.path)} is larger than {FILE_LIMIT_BYTES // 1024**2} MiB, which GitHub does not take."
        )
    return Found(entry.path, "100755" if status.st_mode & stat.S_IXUSR else "100644", content)


class _unreadable:  # noqa: N801  # reads as a word in a `with`
    """What the tree does to be unreadable becomes TreeRefused."""

    def __init__(self, path: bytes) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, PermissionError):
            raise TreeRefused(f"{shown(self._path)} cannot be read: {error.strerror}.") from None
        if isinstance(error, OSError):
            raise _changed(self._path) from error


def _changed(path: bytes) -> TreeRefused:
    return TreeRefused(f"{shown(path)} changed while the tree was read: something of the box is still alive.")
