"""What the stand-in remembers: accounts, apps, repositories and everything people put into them.

Plain mutable records, compared by identity. They hold no behaviour beyond what follows from their own fields;
`acts/` changes them and `shapes/` shows them as GitHub's JSON.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]
Role = Literal["none", "read", "triage", "write", "maintain", "admin"]
ROLES: tuple[Role, ...] = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(eq=False)
class Account:
    id: int
    node_id: str
    login: str
    type: Literal["User", "Organization", "Bot"]
    name: str
    created_at: datetime
    token: str = ""
    members: list["Account"] = field(default_factory=list)
    teams: dict[str, list["Account"]] = field(default_factory=dict)
    """Of an organisation: who is in which team, by the team's slug."""


@dataclass(eq=False)
class Hook:
    """Where an App is told. Without a URL it is not told at all."""

    id: int
    url: str
    secret: str


@dataclass(eq=False)
class App:
    """`permissions` maps a permission to read or write; `bot` is the account its own writes appear under."""

    id: int
    node_id: str
    slug: str
    name: str
    client_id: str
    owner: Account
    bot: Account
    public_key_pem: str
    hook: Hook
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime


@dataclass(eq=False)
class Installation:
    id: int
    app: App
    account: Account
    repositories: list["Repository"]
    permissions: dict[str, str]
    created_at: datetime
    suspended_at: datetime | None = None


@dataclass(eq=False)
class Token:
    """An installation token, already narrowed to its repositories and permissions."""

    value: str
    installation: Installation
    repositories: list["Repository"]
    permissions: dict[str, str]
    expires_at: datetime
    narrowed: bool
    revoked: bool = False


@dataclass(eq=False)
class Label:
    id: int
    node_id: str
    name: str
    color: str
    description: str | None = None


@dataclass(eq=False)
class Reaction:
    id: int
    node_id: str
    user: Account
    content: str
    created_at: datetime


@dataclass(eq=False)
class Edit:
    """What a comment said from one moment on, and who wrote that."""

    id: int
    node_id: str
    editor: Account
    edited_at: datetime
    body: str


@dataclass(eq=False)
class Comment:
    id: int
    node_id: str
    author: Account
    app: App | None
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    """Newest first; the writing of it is the last one, once there is another."""


@dataclass(eq=False)
class TimelineEvent:
    """One entry of an issue's timeline; `extra` holds what only this kind of event carries."""

    id: int
    node_id: str
    event: str
    actor: Account
    app: App | None
    created_at: datetime
    extra: Json = field(default_factory=dict)
    comment: Comment | None = None


@dataclass(eq=False)
class Review:
    id: int
    node_id: str
    author: Account
    app: App | None
    body: str
    state: Literal["PENDING", "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]
    commit_id: str
    submitted_at: datetime | None


@dataclass(eq=False)
class ReviewComment:
    id: int
    node_id: str
    review: Review
    author: Account
    app: App | None
    body: str
    path: str
    commit_id: str
    diff_hunk: str
    created_at: datetime
    updated_at: datetime
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    in_reply_to: int | None = None
    subject_type: str = "line"
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class Pull:
    """The half of an issue that only a pull request has. Its id differs from the issue's, as at GitHub."""

    id: int
    node_id: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool
    head_repository: "Repository | None"
    """The repository itself or a fork of it; None once that was deleted."""
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    requested_reviewers: list[Account] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[ReviewComment] = field(default_factory=list)
    auto_merge: Json | None = None
    maintainer_can_modify: bool = False


@dataclass(eq=False)
class Issue:
    id: int
    node_id: str
    number: int
    title: str
    body: str | None
    author: Account
    app: App | None
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    pinned: bool = False
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pull: Pull | None = None


@dataclass(eq=False)
class CheckSuite:
    id: int
    node_id: str
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime
    updated_at: datetime
    runs: list["CheckRun"] = field(default_factory=list)


@dataclass(eq=False)
class CheckRun:
    id: int
    node_id: str
    suite: CheckSuite
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    started_at: datetime
    completed_at: datetime | None
    external_id: str
    details_url: str
    output: Json
    annotations: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)


@dataclass(eq=False)
class CommitStatus:
    id: int
    node_id: str
    creator: Account
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    created_at: datetime


@dataclass(eq=False)
class QueueEntry:
    """A pull request in a merge queue, with the group that was made of it."""

    node_id: str
    issue: Issue
    head_sha: str
    enqueuer: Account
    branch: str = ""
    base_sha: str = ""
    group_sha: str = ""


@dataclass(eq=False)
class Protection:
    """A branch nobody pushes to; a merge needs these checks (by name) and approvals, and maybe signed commits."""

    required_checks: tuple[str, ...] = ()
    required_approvals: int = 0
    signatures: bool = False


@dataclass(frozen=True)
class Activity:
    """One move of a branch. `before` and `after` are zeros where the branch began or ended."""

    id: int
    kind: str
    ref: str
    before: str
    after: str
    at: datetime
    actor: Account | None


@dataclass(eq=False)
class Repository:
    """`path` is the bare repository. `refuse_pushes` holds the reason why every push is refused, or None.

    `mergeable_unknown_reads` is how many readings of a pull request still answer that GitHub has not computed yet
    whether it merges.
    `rules` are those of rulesets, by branch or by a pattern such as `topic/*`, as the API lists them; `queue` holds all
    merge queues' entries. `verified` are the commits that GitHub signed.
    `gone` are the numbers of issues that were deleted (None) or transferred (the API path of where they went).
    """

    id: int
    node_id: str
    owner: Account
    name: str
    path: Path
    default_branch: str
    private: bool
    created_at: datetime
    updated_at: datetime
    parent: "Repository | None" = None
    """The repository of which this one is a fork."""
    collaborators: dict[str, Role] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    gone: dict[int, str | None] = field(default_factory=dict)
    suites: list[CheckSuite] = field(default_factory=list)
    statuses: list[CommitStatus] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    protected: dict[str, Protection] = field(default_factory=dict)
    rules: dict[str, list[Json]] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)
    signs_commits: bool = True
    queue: list[QueueEntry] = field(default_factory=list)
    merge_methods: set[str] = field(default_factory=lambda: {"merge", "squash", "rebase"})
    drafts_supported: bool = True
    allow_auto_merge: bool = True
    delete_branch_on_merge: bool = False
    refuse_pushes: str | None = None
    archived: bool = False
    mergeable_unknown_reads: int = 0

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def check_runs(self) -> list[CheckRun]:
        return [run for suite in self.suites for run in suite.runs]

    @property
    def pulls(self) -> list[Issue]:
        return [issue for issue in self.issues.values() if issue.pull is not None]


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, an App's installation, an App itself (by JWT), or nobody.

    `token` is set for an installation; `app` also for an App speaking for itself.
    """

    account: Account | None
    app: App | None = None
    token: Token | None = None

    @property
    def login(self) -> str:
        return self.account.login if self.account else "anonymous"


@dataclass(frozen=True)
class SeenRequest:
    """One request the stand-in answered, for assertions such as "exactly one comment was posted"."""

    method: str
    path: str
    actor: str
    status: int


@dataclass(eq=False)
class Delivery:
    """One attempt to hand an event to a hook. A redelivery is a new record with the same GUID."""

    id: int
    guid: str
    hook: Hook
    event: str
    action: str | None
    installation_id: int
    repository_id: int | None
    headers: dict[str, str]
    body: bytes
    delivered_at: datetime
    redelivery: bool = False
    status: str = "pending"
    status_code: int = 0
    duration: float = 0.0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
