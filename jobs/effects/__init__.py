"""How each kind of effect is found on GitHub and how it is done.

`find` looks for what an earlier, interrupted attempt may have left; `act` does it and returns the receipt. Whatever
is found must be ours: a marker counts only in a comment that our App wrote, a pull request only if our App opened it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from core.github import GitHub, TreeEntry
from core.names import Sha

Receipt = Mapping[str, Any]


class Pusher(Protocol):
    """The workspace's side of a push, with the token already in its hands."""

    async def push(self, branch: str, sha: Sha, expected: Sha | None) -> None: ...

    async def entries(self, base: Sha, tree: Sha) -> tuple[Sha, Sequence[TreeEntry]]:
        """The tree of the commit `base`, and what makes `tree` of it. Raises ChangeRefused for more than GitHub takes
        in one request."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What an effect acts on."""

    github: GitHub
    app_id: int
    key: str
    intended_at: datetime
    push: Pusher | None = None
    """Only effects of a run with a workspace can push."""
