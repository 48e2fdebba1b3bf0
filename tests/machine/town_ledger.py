"""What GitHub itself saw: the moment of every push and merge by our App, as it stood when the request arrived.

The promises are judged by these and by the stand-in's records, never by what the service believes. The ledger is also
where an answer can be held up, so that a lease runs out while its holder still waits for GitHub.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from bot.demo.github import git
from bot.demo.github.faults import Act
from bot.demo.github.records import Comment, Repository, Review, Role
from bot.demo.github.world import World

POLICY = ".github/pullwright.yml"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OURS = re.compile(r"pullwright/(\d+)-[a-z0-9-]*-([a-z0-9]+)")
"""The name of a branch of a run: the issue's number, and the run."""


@dataclass(frozen=True)
class Words:
    """A comment as it stood then."""

    id: int
    number: int
    author: str
    ours: bool
    body: str
    created_at: datetime
    untouched: bool


@dataclass(frozen=True)
class Touched:
    """A comment as it was before somebody first changed it or took it away."""

    at: datetime
    words: Words


@dataclass(frozen=True)
class Verdict:
    """A review as it stood then."""

    author: str
    state: str
    commit: str


@dataclass(frozen=True)
class Moment:
    """What GitHub knew of the repository at one time."""

    at: datetime
    words: tuple[Words, ...]
    roles: Mapping[str, Role]
    policy: str
    """The policy file on the default branch."""
    policy_at: datetime
    """When somebody last changed it."""
    askers: Mapping[int, frozenset[str]]
    """Who asked for work, by issue: by label or by command."""


@dataclass(frozen=True)
class Pushed:
    branch: str
    before: str | None
    after: str
    moment: Moment


@dataclass(frozen=True)
class Merged:
    number: int
    branch: str
    head: str
    sha: str
    reviews: tuple[Verdict, ...]
    """Oldest first."""
    moment: Moment
    approved: tuple[str, ...]
    """Every path of the head's change, with its old and new mode and blob."""
    brought: tuple[str, ...]
    """The same of what the merge did to the base."""


@dataclass
class Ledger:
    world: World
    repository: Repository
    policy_at: datetime
    pushes: list[Pushed] = field(default_factory=list)
    merges: list[Merged] = field(default_factory=list)
    once_wrote: set[str] = field(default_factory=set)
    """Who ever had the role `write` or above."""
    touched: dict[int, "Touched"] = field(default_factory=dict)
    """What people changed or took away, by the comment's id: the first time."""
    hold: int | None = None
    """Hold up the answer to a write, after so many others."""
    held: asyncio.Event = field(default_factory=asyncio.Event)
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    def touch(self, number: int, comment: Comment) -> None:
        """Somebody is about to change this comment, or to take it away."""
        self.touched.setdefault(comment.id, Touched(self.world.now(), _words(number, comment)))

    async def __call__(self, request: web.Request, act: Act) -> web.StreamResponse:
        """A middleware of the stand-in, innermost: what it sees reaches GitHub."""
        if request.path.endswith("git-receive-pack") and request.method == "POST":
            response = await self._push(request, act)
        elif request.path.endswith("/merge") and request.method == "PUT":
            response = await self._merge(request, act)
        else:
            response = await act(request)
        if self.hold is not None and request.method in WRITES and "access_tokens" not in request.path:
            self.hold = self.hold - 1 if self.hold else None
            if self.hold is None:
                self.held.set()
                await self.freed.wait()
        return response

    async def _push(self, request: web.Request, act: Act) -> web.StreamResponse:
        before, moment = await self.world.branches(self.repository), await self.moment()
        response = await act(request)
        after = await self.world.branches(self.repository)
        moved = [name for name in {*before, *after} if before.get(name) != after.get(name)]
        self.pushes += [Pushed(name, before.get(name), after.get(name, git.NOBODY), moment) for name in moved]
        return response

    async def _merge(self, request: web.Request, act: Act) -> web.StreamResponse:
        issue, pull = self.world.pull(self.repository, int(request.path.split("/")[-2]))
        moment, reviews = await self.moment(), tuple(_verdict(review) for review in pull.reviews)
        done = pull.merged_at is not None
        response = await act(request)
        if done or pull.merged_at is None or pull.merge_commit_sha is None:
            return response
        path, sha = self.repository.path, pull.merge_commit_sha
        start = await git.merge_base(path, pull.base_sha, pull.head_sha)
        assert start is not None
        approved, brought = await self._change(start, pull.head_sha), await self._change(pull.base_sha, sha)
        self.merges.append(Merged(issue.number, pull.head_ref, pull.head_sha, sha, reviews, moment, approved, brought))
        return response

    async def _change(self, start: str, end: str) -> tuple[str, ...]:
        raw = await git.text(
            self.repository.path, "diff-tree", "-r", "--raw", "--no-abbrev", "--no-renames", start, end
        )
        return tuple(sorted(raw.splitlines()))

    async def moment(self) -> Moment:
        issues = self.repository.issues.values()
        words = tuple(_words(issue.number, comment) for issue in issues for comment in issue.comments)
        askers = {
            issue.number: frozenset(
                {entry.actor.login for entry in issue.timeline if entry.event == "labeled"}
                | {one.author for one in words if one.number == issue.number and one.body in {"/implement", "/retry"}}
            )
            for issue in issues
        }
        roles = {login: self.world.role(self.repository, it) for login, it in self.world.accounts.items()}
        head = f"refs/heads/{self.repository.default_branch}"
        policy = await git.text(self.repository.path, "show", f"{head}:{POLICY}")
        return Moment(self.world.now(), words, roles, policy, self.policy_at, askers)


def _words(number: int, it: Comment) -> Words:
    untouched = it.updated_at == it.created_at
    return Words(it.id, number, it.author.login, it.app is not None, it.body, it.created_at, untouched)


def _verdict(review: Review) -> Verdict:
    return Verdict(review.author.login, review.state, review.commit_id)
