"""What GitHub tells us, as far as we act on it: one small value per fact.

A payload says where to look and when it happened; what authorises anything is read again from the API.
"""

from datetime import datetime

from core.names import RunId, Sha
from handlers.event import Told


class IssueLabeled(Told):
    NAME = "issues.labeled"

    number: int
    label: str
    title: str
    body: str


class IssueUnlabeled(Told):
    NAME = "issues.unlabeled"

    number: int
    label: str


class IssueOpened(Told):
    NAME = "issues.opened"

    number: int
    node_id: str
    title: str
    body: str
    labels: tuple[str, ...]
    created_at: datetime


class IssueClosed(Told):
    """The issue is not to be worked on any more: closed, deleted or moved elsewhere, as `how` says."""

    NAME = "issues.closed"

    number: int
    node_id: str
    how: str


class ConversationUnlocked(Told):
    """People may speak again on an issue or a pull request, and so may we."""

    NAME = "issues.unlocked"

    number: int


class CommentCreated(Told):
    NAME = "issue_comment.created"

    number: int
    on_pull: bool
    title: str
    issue_body: str
    comment_id: int
    node_id: str
    body: str


class CommentEdited(Told):
    NAME = "issue_comment.edited"

    number: int
    comment_id: int
    node_id: str
    body: str
    previous: str
    updated_at: datetime


class CommentDeleted(Told):
    NAME = "issue_comment.deleted"

    number: int
    comment_id: int
    node_id: str
    body: str


class ReviewSubmitted(Told):
    NAME = "pull_request_review.submitted"

    number: int
    review_id: int
    node_id: str
    body: str


class LineCommented(Told):
    """Somebody commented on a line of a pull request's diff."""

    NAME = "pull_request_review_comment.created"

    number: int
    node_id: str
    body: str
    created_at: datetime


class ReviewDismissed(Told):
    NAME = "pull_request_review.dismissed"

    number: int
    review_id: int
    node_id: str


class PullClosed(Told):
    NAME = "pull_request.closed"

    number: int
    node_id: str


class PullPushed(Told):
    NAME = "pull_request.synchronize"

    number: int
    base: str
    after: Sha
    title: str
    body: str


class CheckRequested(Told):
    """Somebody pressed a button on a check run."""

    NAME = "check_run.requested_action"

    number: int
    check_id: int
    app_id: int
    head_sha: Sha
    identifier: str


class CheckRerequested(Told):
    """Somebody asks for a check run again."""

    NAME = "check_run.rerequested"

    check_id: int
    app_id: int
    name: str
    external_id: str
    head_sha: Sha
    branch: str


class GroupFormed(Told):
    """A merge queue asks for checks on a group of pull requests."""

    NAME = "merge_group.checks_requested"

    branch: str
    base: str
    head_sha: Sha


class ChecksReported(Told):
    """A check of somebody else's is done, or a commit status was set, on a branch that is called like a run's."""

    NAME = "check_run.completed"

    run_id: RunId
    head_sha: Sha
    app_id: int | None
    """The App whose check it is; None where the event does not tell."""
    key: str
    """Tells one report from every other."""
    red: bool = True
    """Whether it is told to be red: a hint, like all of it."""


class RepositoryChanged(Told):
    """The repository has another name, owner or default branch, or went into the archive or out of it."""

    NAME = "repository.renamed"
