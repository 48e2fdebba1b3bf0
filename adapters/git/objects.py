"""Objects of a git directory that no box can reach, by GitPython, which keeps one `git cat-file` open for them all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from git import Blob, Commit, Repo, Tree
from git.exc import BadName, BadObject
from gitdb import IStream  # type: ignore[import-untyped]

from adapters.git.command import environment
from core.names import Sha
from core.workspaces import SYMLINK


def blob_id(content: bytes) -> Sha:
    """The id git gives to this content. SHA-1 because git says so, not for safety."""
    return Sha(hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


@contextmanager
def store(git_dir: Path) -> Iterator[Callable[[bytes], None]]:
    """A function that writes a content as a blob, as it is."""
    with _opened(git_dir) as repository:

        def keep(content: bytes) -> None:
            repository.odb.store(IStream(b"blob", len(content), BytesIO(content)))

        yield keep


def content(git_dir: Path, blob: Sha) -> bytes:
    """A whole blob."""
    with _opened(git_dir) as repository:
        return bytes(Blob(repository, bytes.fromhex(blob)).data_stream.read())


def read(git_dir: Path, tree: Sha, path: str, limit_bytes: int) -> bytes | None:
    """The first bytes of a regular file in a tree or commit, or None where there is none."""
    with _opened(git_dir) as repository:
        try:
            named = repository.rev_parse(tree)
            root = named.tree if isinstance(named, Commit) else Tree(repository, named.binsha, 0o040000, "")
            found = root.join(path)
        except (KeyError, BadName, BadObject):
            return None
        if not isinstance(found, Blob) or f"{found.mode:o}" == SYMLINK:
            return None
        return bytes(found.data_stream.read(limit_bytes))


@contextmanager
def _opened(git_dir: Path) -> Iterator[Repo]:
    repository = Repo(git_dir, expand_vars=False)
    try:
        repository.git.update_environment(**environment(git_dir))
        yield repository
    finally:
        repository.close()
