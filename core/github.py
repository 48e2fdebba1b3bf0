"""What the service asks of GitHub: typed facts out, a few writes in. The adapter parses; nobody else sees JSON.

Every read may raise NotThere, PermissionMissing, AppRefused, RateLimited or GitHubUnavailable; every write also
GitHubRefused. A write is sent once: an ambiguous answer (a timeout, a 5xx) raises GitHubUnavailable, and the effect
looks before it is tried again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from core.names import Role, Sha, Value


class Account(Value):
    login: str
    id: int
    is_bot: bool


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


class Issue(Value):
    number: int
    node_id: str
    title: str
    body: str
    author: Account
    author_association: str
    open: bool
    labels: tuple[str, ...]
    is_pull_request: bool
    created_at: datetime
    updated_at: datetime
    url: str


class Comment(Value):
    id: int
    node_id: str
    number: int
    """The issue or pull request that it stands on."""
    body: str
    author: Account
    author_association: str
    app_id: int | None
    """The App that wrote it, or None for a person: what makes a marker count."""
    created_at: datetime
    updated_at: datetime
    url: str


class CommentEdit(Value):
    """One edit of a comment. The writing of it may be told of as one, too."""

    id: str
    by: str | None
    """The login; None for an account that is gone."""
    deleted: bool
    """Whether somebody took what stood there then out of the history."""


class CommentHistory(Value):
    """What a comment says, and every edit that led there, all read at one moment."""

    body: str
    edits: tuple[CommentEdit, ...]


class LabelEvent(Value):
    """One labelling of an issue, from its timeline."""

    id: int
    label: str
    actor: Account
    created_at: datetime


TurnKind = Literal["reopened", "ready_for_review"]


class Turn(Value):
    """One turn of a pull request: it was opened again, or taken out of draft."""

    actor: Account
    created_at: datetime


class Closing(Value):
    """One closing of an issue or pull request, from its timeline. It may have been opened again since."""

    by_us: bool
    """Whether our App did it, as itself."""
    at: datetime


class CloseReason(StrEnum):
    completed = "completed"
    not_planned = "not_planned"


class ReviewState(StrEnum):
    approved = "APPROVED"
    changes_requested = "CHANGES_REQUESTED"
    commented = "COMMENTED"
    dismissed = "DISMISSED"
    pending = "PENDING"


class Review(Value):
    id: int
    node_id: str
    author: Account
    state: ReviewState
    head_sha: Sha
    body: str
    submitted_at: datetime | None
    app_authored: bool = False
    """Whether our App wrote it: what makes a marker count."""


class ReviewComment(Value):
    """What somebody said to a line of a pull request's diff; `reply_to` is the comment that begins its thread."""

    id: int
    author: Account
    app_authored: bool
    """Whether our App wrote it."""
    path: str
    line: int | None
    """In the head of now; None where that line is gone."""
    body: str
    reply_to: int | None
    edited: bool


class LineComment(Value):
    """What is said to a line of a file, as the head of a pull request has it."""

    path: str
    line: int
    body: str
    start: int | None = None
    """The first line, where it is about several; `line` is the last one then."""


class Pull(Value):
    number: int
    node_id: str
    url: str
    author: Account
    app_authored: bool
    """Whether our App opened it."""
    open: bool
    merged: bool
    merged_by_us: bool = False
    """Whether our App merged it. Only told of a pull request that is asked for alone, not in a list."""
    draft: bool
    head_ref: str
    head_sha: Sha
    head_repository_id: int | None
    base_ref: str
    base_sha: Sha
    body: str
    mergeable: bool | None
    merge_sha: Sha | None

    def from_fork(self, repository_id: int) -> bool:
        """Whether its head lies in another repository than this one, its base, or in one that is gone."""
        return self.head_repository_id != repository_id


class CheckStatus(StrEnum):
    queued = "queued"
    in_progress = "in_progress"
    completed = "completed"


class Conclusion(StrEnum):
    success = "success"
    failure = "failure"
    neutral = "neutral"
    action_required = "action_required"
    cancelled = "cancelled"


class CheckRun(Value):
    id: int
    name: str
    head_sha: Sha
    external_id: str
    status: CheckStatus
    conclusion: str | None
    app_id: int
    url: str = ""
    """Where people look at it."""
    annotations: int = 0
    """How many it has."""
    title: str = ""
    summary: str = ""
    """What its App says of it, in Markdown."""
    job: int | None = None
    """The job of GitHub Actions that it stands for; None for a check of another App."""


class Note(Value):
    """One annotation of a check run, as its App wrote it."""

    path: str
    line: int
    level: str
    """`notice`, `warning` or `failure`."""
    message: str


class CommitStatus(Value):
    """What a service that is no App reported on a commit: the newest of its context."""

    id: int
    context: str
    state: str
    """`pending`, `success`, `failure` or `error`."""
    url: str
    description: str = ""


class Button(Value):
    """A button on a check run. GitHub's limits: label and identifier 20 characters, description 40."""

    label: Annotated[str, Field(min_length=1, max_length=20)]
    description: Annotated[str, Field(min_length=1, max_length=40)]
    identifier: Annotated[str, Field(min_length=1, max_length=20)]


class Collaborator(Value):
    account: Account
    role: Role


class MergeMethod(StrEnum):
    merge = "merge"
    squash = "squash"
    rebase = "rebase"


class BranchRules(Value):
    """What GitHub asks before anything reaches a branch: its rulesets, and its protection as far as an App is told."""

    required_checks: tuple[str, ...] = ()
    """Names of checks and contexts of statuses."""
    merge_queue: bool = False
    signatures: bool = False
    """Whether every commit must be signed."""
    linear: bool = False
    methods: tuple[MergeMethod, ...] | None = None
    """How pull requests may be merged; None where every way may."""


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


class GitHub(Protocol):
    """One repository, through one installation."""

    # What is so.
    async def repository(self) -> RepositoryFacts: ...
    async def head_of(self, branch: str) -> Sha | None: ...
    async def file(self, path: str, ref: str) -> bytes | None: ...
    async def files_in(self, folder: str, ref: str) -> Sequence[FileFacts]:
        """The files that lie in a folder, not deeper, in the order of their paths; none where there is no folder."""
        ...

    async def issue(self, number: int) -> Issue: ...
    async def comments(self, number: int, *, since: datetime | None = None) -> Sequence[Comment]: ...
    async def comment(self, comment_id: int) -> Comment | None: ...
    async def history(self, comment: Comment) -> CommentHistory | None:
        """Who edited the comment; None where GitHub does not tell, or not of every edit."""
        ...

    async def labelling(self, number: int, label: str) -> LabelEvent | None:
        """The latest labelling with this label, or None where the issue does not carry it now."""
        ...

    async def issues_of_ours(self, since: datetime) -> Sequence[Issue]:
        """The issues that our App opened, open or not, which changed at that time or later."""
        ...

    async def pinned(self, node_id: str) -> bool:
        """Whether the issue is pinned."""
        ...

    async def closing(self, number: int) -> Closing | None:
        """The latest closing, whether it still holds or not; None where nobody ever closed it."""
        ...

    async def turn(self, number: int, kind: TurnKind) -> Turn | None:
        """The latest turn of this kind, or None where it was undone since, or never was."""
        ...

    async def role(self, login: str) -> Role:
        """The person's role here, asked live; `none` for who has none. Raises where GitHub does not say."""
        ...

    async def collaborators(self) -> Sequence[Collaborator]: ...
    async def account_of(self, login: str) -> int | None:
        """The id of the account that is called so; None where there is none. An App's differs from the App's own id."""
        ...

    async def in_team(self, organisation: str, team: str, login: str) -> bool:
        """Whether the person is a member of the team now. PermissionMissing where the App may not read members."""
        ...

    async def pull(self, number: int) -> Pull: ...
    async def changed_by(self, number: int) -> tuple[str, ...] | None:
        """Every path that the pull request touches, and where files were before; None where GitHub tells not of all."""
        ...

    async def pulls_from(self, branch: str) -> Sequence[Pull]:
        """Pull requests, open or not, whose head is this branch of this repository."""
        ...

    async def open_pulls(self) -> Sequence[Pull]:
        """Every open pull request of the repository."""
        ...

    async def review(self, number: int, review_id: int) -> Review | None: ...
    async def reviews(self, number: int) -> Sequence[Review]: ...
    async def review_comments(self, number: int) -> Sequence[ReviewComment]:
        """Every comment on the diff that was handed in, oldest first."""
        ...

    async def check_runs(self, sha: Sha) -> Sequence[CheckRun]: ...
    async def statuses(self, sha: Sha) -> Sequence[CommitStatus]:
        """The newest commit status of each context."""
        ...

    async def notes(self, check_id: int) -> Sequence[Note]:
        """The first hundred annotations of a check run."""
        ...

    async def end_of_log(self, job: int, most_bytes: int) -> bytes | None:
        """The end of what a job of GitHub Actions printed; None where it is gone, or the App may not read it."""
        ...

    async def rules(self, branch: str) -> BranchRules:
        """What GitHub asks before anything reaches this branch, whether it exists or not."""
        ...

    async def wants_signatures(self, branch: str) -> bool:
        """Whether a ruleset that covers this branch, which may not exist, takes signed commits alone."""
        ...

    async def has_tree(self, tree: Sha) -> bool: ...

    async def queued(self, node_id: str) -> bool:
        """Whether the pull request is in a merge queue."""
        ...

    # What we do.
    async def create_comment(self, number: int, body: str) -> Comment: ...
    async def edit_comment(self, comment_id: int, body: str) -> Comment: ...
    async def add_labels(self, number: int, labels: Sequence[str]) -> None: ...
    async def remove_label(self, number: int, label: str) -> None:
        """Take a label off; nothing where the issue does not carry it."""
        ...

    async def assign(self, number: int, logins: Sequence[str]) -> tuple[str, ...]:
        """Who of these people is assigned then. GitHub passes over whoever has no access to the repository."""
        ...

    async def close(self, number: int, reason: CloseReason | None) -> None:
        """Close it; one that is closed already keeps its reason."""
        ...

    async def open_issue(self, *, title: str, body: str) -> Issue: ...
    async def edit_issue(self, number: int, *, body: str, reopen: bool = False) -> Issue: ...
    async def pin(self, node_id: str) -> None:
        """Pin an issue. GitHubRefused where as many are pinned as GitHub allows."""
        ...

    async def react_to_issue(self, number: int, content: str) -> None: ...
    async def react_to_comment(self, comment_id: int, content: str) -> None: ...
    async def open_pull(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> Pull: ...
    async def edit_pull(self, number: int, *, body: str) -> None: ...
    async def mark_ready(self, node_id: str) -> None: ...
    async def request_review(self, number: int, login: str) -> None: ...
    async def post_review(self, number: int, *, head: Sha, body: str, comments: Sequence[LineComment]) -> Review:
        """One review of this head that comments, and neither approves nor asks for changes."""
        ...

    async def answer_thread(self, number: int, thread: int, body: str) -> ReviewComment: ...
    async def create_check(self, fields: Mapping[str, Any]) -> CheckRun: ...
    async def update_check(self, check_id: int, fields: Mapping[str, Any]) -> CheckRun: ...
    async def merge(self, number: int, *, sha: Sha, method: MergeMethod, title: str, message: str) -> Sha: ...

    async def enqueue(self, node_id: str, *, sha: Sha) -> None:
        """Put a pull request whose head is exactly `sha` into the merge queue of its base. Raises MergeRefused."""
        ...

    async def write_tree(self, base: Sha, entries: Sequence[TreeEntry]) -> Sha:
        """The tree that the tree `base` becomes with these entries. Nothing points at it."""
        ...

    async def write_commit(self, *, tree: Sha, parents: Sequence[Sha], message: str) -> MadeCommit:
        """A commit by our App, which GitHub signs. Nothing points at it."""
        ...

    async def git_token(self, *, write: bool) -> str:
        """A token for git over HTTP, scoped to this repository and to contents read or write."""
        ...
