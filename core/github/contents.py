"""Repositories, files, trees and commits."""

from core.names import Sha, Value


class RepositoryFacts(Value):
    id: int
    owner: str
    name: str
    owner_is_organisation: bool
    default_branch: str
    private: bool
    archived: bool
    clone_url: str


class FileFacts(Value):
    """A file as the folder that it lies in tells of it."""

    path: str
    blob: Sha
    bytes: int


class TreeEntry(Value):
    """One file of a tree that GitHub is asked to make."""

    path: str
    mode: str
    content: bytes | None
    """None: there is no file at this path."""


class MadeCommit(Value):
    """A commit as GitHub made it."""

    sha: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    message: str
    verified: bool
    reason: str
    """Why it is verified or not, in GitHub's own word, such as `valid` or `unsigned`."""
