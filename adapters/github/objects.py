"""Trees and commits that GitHub makes: nothing points at them yet, so making one twice changes nothing.

GitHub signs a commit that an App makes so, as long as the request names no author, committer or signature of its own:
https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
(signature verification for bots). The endpoints: https://docs.github.com/en/rest/git
"""

import base64
from collections.abc import Sequence
from typing import Any

from adapters.github.channel import Channel
from adapters.github.parse import Edge, parsed
from adapters.github.tokens import GIT_WRITE
from core.errors import NotThere
from core.github import MadeCommit, TreeEntry
from core.names import Sha


class _Object(Edge):
    sha: str


class _Verification(Edge):
    verified: bool
    reason: str


class _Commit(Edge):
    sha: str
    message: str
    tree: _Object
    parents: tuple[_Object, ...]
    verification: _Verification


class Objects(Channel):
    async def has_tree(self, tree: Sha) -> bool:
        """Whether GitHub has this tree, from whoever brought it."""
        try:
            sent = await self.json("/git/trees/{sha}", {"sha": tree})
        except NotThere:
            return False
        return parsed(_Object, sent, "a tree").sha == tree

    async def write_tree(self, base: Sha, entries: Sequence[TreeEntry]) -> Sha:
        """The tree that `base` becomes with these entries. What is no text goes there as a blob of its own."""
        rows = [await self._row(entry) for entry in entries]
        sent = await self.write("POST", "/git/trees", {}, {"base_tree": base, "tree": rows}, scope=GIT_WRITE)
        return Sha(parsed(_Object, sent, "a tree").sha)

    async def write_commit(self, *, tree: Sha, parents: Sequence[Sha], message: str) -> MadeCommit:
        """A commit by our App, with whatever GitHub says of its signature."""
        fields = {"message": message, "tree": tree, "parents": [*parents]}
        sent = parsed(_Commit, await self.write("POST", "/git/commits", {}, fields, scope=GIT_WRITE), "a commit")
        return MadeCommit(
            sha=Sha(sent.sha),
            tree=Sha(sent.tree.sha),
            parents=tuple(Sha(one.sha) for one in sent.parents),
            message=sent.message,
            verified=sent.verification.verified,
            reason=sent.verification.reason,
        )

    async def _row(self, entry: TreeEntry) -> dict[str, Any]:
        row: dict[str, Any] = {"path": entry.path, "mode": entry.mode, "type": "blob"}
        if entry.content is None:
            return row | {"sha": None}
        if (text := _text(entry.content)) is not None:
            return row | {"content": text}
        fields = {"content": base64.b64encode(entry.content).decode(), "encoding": "base64"}
        sent = await self.write("POST", "/git/blobs", {}, fields, scope=GIT_WRITE)
        return row | {"sha": parsed(_Object, sent, "a blob").sha}


def _text(content: bytes) -> str | None:
    """What JSON can carry byte for byte; None for anything else."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
