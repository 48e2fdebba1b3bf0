"""The parts of GitHub's webhook payloads that are read. Everything else in them is ignored, and may change.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.github import Account
from core.names import Sha

Login = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?$")
]
"""GitHub's logins; managed users' have an underscore, Apps' end in `[bot]`."""
RepositoryName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]
Number = Annotated[int, Field(gt=0)]
ShaText = Annotated[Sha, StringConstraints(pattern=r"^[0-9a-f]{40,64}$")]
NodeId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_=+/-]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(_Part):
    login: Login
    id: int
    type: str = "User"

    def account(self) -> Account:
        return Account(login=self.login, id=self.id, is_bot=self.type != "User")


class Repository(_Part):
    id: int
    name: RepositoryName
    owner: User


class Installation(_Part):
    id: int


class Label(_Part):
    name: str


class Payload(_Part):
    """What every payload that we read carries."""

    action: str
    repository: Repository
    installation: Installation
    sender: User


class Issue(_Part):
    number: Number
    node_id: NodeId
    title: str
    body: str | None = None
    labels: tuple[Label, ...] = ()
    created_at: datetime
    pull_request: dict[str, object] | None = None


class Comment(_Part):
    id: int
    node_id: NodeId
    body: str | None = None
    updated_at: datetime


class Before(_Part):
    from_: Annotated[str, Field(alias="from")]


class Changes(_Part):
    body: Before | None = None


class IssuePayload(Payload):
    issue: Issue
    label: Label | None = None


class CommentPayload(Payload):
    issue: Issue
    comment: Comment
    changes: Changes | None = None


class Review(_Part):
    id: int
    node_id: NodeId
    body: str | None = None


class Head(_Part):
    sha: ShaText


class Base(_Part):
    ref: Annotated[str, StringConstraints(max_length=300)] = ""


class Pull(_Part):
    number: Number
    node_id: NodeId
    head: Head
    base: Base = Base()
    title: str = ""
    body: str | None = None


class ReviewPayload(Payload):
    review: Review
    pull_request: Pull


class LineComment(_Part):
    node_id: NodeId
    body: str | None = None
    created_at: datetime


class LinePayload(Payload):
    comment: LineComment
    pull_request: Pull


class PullPayload(Payload):
    pull_request: Pull
    label: Label | None = None


class App(_Part):
    id: int


class PullNumber(_Part):
    number: Number


class CheckSuite(_Part):
    id: int
    head_branch: str | None = None


class CheckRun(_Part):
    id: int
    head_sha: ShaText
    app: App
    name: str = ""
    conclusion: str | None = None
    external_id: str | None = None
    completed_at: datetime | None = None
    check_suite: CheckSuite | None = None
    pull_requests: tuple[PullNumber, ...] = ()


class Button(_Part):
    identifier: Annotated[str, StringConstraints(max_length=20)]


class CheckRunPayload(Payload):
    check_run: CheckRun
    requested_action: Button | None = None


class Group(_Part):
    head_sha: ShaText
    head_ref: Annotated[str, StringConstraints(max_length=300)]
    base_ref: Annotated[str, StringConstraints(max_length=300)]


class GroupPayload(Payload):
    merge_group: Group


class CompletedSuite(CheckSuite):
    head_sha: ShaText
    app: App
    conclusion: str | None = None
    updated_at: datetime | None = None


class CheckSuitePayload(Payload):
    check_suite: CompletedSuite


class Branch(_Part):
    name: str


class StatusPayload(Payload):
    action: str = ""
    """It has none."""
    id: int
    sha: ShaText
    state: str = ""
    branches: tuple[Branch, ...] = ()


class Commit(_Part):
    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class PushPayload(Payload):
    action: str = ""
    """It has none."""
    ref: Annotated[str, StringConstraints(max_length=300)]
    after: ShaText
    before: ShaText | None = None
    deleted: bool = False
    commits: tuple[Commit, ...] = ()


class DispatchPayload(Payload):
    """`action` is the `event_type` of whoever called."""

    client_payload: dict[str, Any] | None = None
