"""How a branch came to be where it is: who moved it, and who wrote the commits of its pull request."""

from collections.abc import Sequence
from typing import Any

from adapters.github.channel import Channel
from adapters.github.parse import GHOST, AccountJson, Edge, is_us, parsed
from adapters.github.requests import Part
from core.errors import GitHubRefused, NotThere, PermissionMissing
from core.facts import App
from core.github import Account, Move, Written
from core.names import Sha

WEB_FLOW = Account(login="web-flow", id=19864447, is_bot=False)
"""The committer of what people write on GitHub's own pages."""
MOST_COMMITS = 250
"""GitHub lists no more commits of a pull request.
https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request"""


class Moves(Channel):
    async def moves_of(self, branch: str) -> Sequence[Move] | None:
        """Every move of the branch that left it in place, newest first; None where this GitHub has no such list, the
        App may not see it, or it is too long.

        https://docs.github.com/en/rest/repos/repos#list-repository-activities
        """
        ref = f"refs/heads/{branch}"
        query: dict[str, Part] = {"ref": ref, "direction": "desc"}
        us = await self._identity()
        try:
            sent = await self.listed("/activity", {}, query)
        except (NotThere, PermissionMissing, GitHubRefused):
            return None
        moves = [parsed(ActivityJson, each, "a move of a branch") for each in sent]
        # GitHub ignores a filter that it does not understand.
        return [move.value(us) for move in moves if move.ref == ref and move.activity_type != "branch_deletion"]

    async def commits_of(self, number: int) -> Sequence[Written] | None:
        sent = await self.listed("/pulls/{number}/commits", {"number": number})
        commits = [parsed(CommitJson, each, "a commit of a pull request").value() for each in sent]
        return commits if len(commits) < MOST_COMMITS else None


class ActivityJson(Edge):
    before: str
    after: str
    ref: str
    activity_type: str
    actor: AccountJson | None = None

    def value(self, us: App) -> Move:
        by = self.actor.value() if self.actor is not None else GHOST
        login = by.login if by.id != GHOST.id else None
        return Move(before=Sha(self.before), after=Sha(self.after), by=login, ours=is_us(us, by))


class _Parent(Edge):
    sha: str


class CommitJson(Edge):
    sha: str
    parents: list[_Parent]
    author: AccountJson | dict[str, Any] | None = None
    """An empty object, or null, where no account has the address."""
    committer: AccountJson | dict[str, Any] | None = None

    def value(self) -> Written:
        named = [one.value() for one in (self.author, self.committer) if isinstance(one, AccountJson)]
        people = [one.login for one in named if not one.is_bot and one.id not in {GHOST.id, WEB_FLOW.id}]
        return Written(
            sha=Sha(self.sha),
            parents=tuple(Sha(parent.sha) for parent in self.parents),
            people=tuple(dict.fromkeys(people)),
        )
