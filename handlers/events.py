"""What GitHub tells us, as far as we act on it: one small value per fact.

A payload says where to look and when it happened; what authorises anything is read again from the API. `parse()` never
raises: what is malformed, or means nothing to us, is `Ignored` and says why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.github import Account
from core.names import Repo, Sha
from handlers.payloads import (
    CheckRunPayload,
    CommentPayload,
    IssuePayload,
    Payload,
    PullPayload,
    ReviewPayload,
)


@dataclass(frozen=True, slots=True)
class Ignored:
    why: str


class Event(BaseModel):
    """A fact of one repository, and whose account GitHub names as its sender."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    NAME: ClassVar[str]
    """`event.action`, as in GitHub's documentation."""

    repo: Repo
    sender: Account


class IssueLabeled(Event):
    NAME = "issues.labeled"

    number: int
    label: str
    title: str
    body: str


class IssueUnlabeled(Event):
    NAME = "issues.unlabeled"

    number: int
    label: str


class IssueOpened(Event):
    NAME = "issues.opened"

    number: int
    node_id: str
    title: str
    body: str
    labels: tuple[str, ...]
    created_at: datetime


class IssueClosed(Event):
    """The issue is not to be worked on any more: closed, deleted or moved elsewhere, as `how` says."""

    NAME = "issues.closed"

    number: int
    node_id: str
    how: str


class CommentCreated(Event):
    NAME = "issue_comment.created"

    number: int
    on_pull: bool
    title: str
    issue_body: str
    comment_id: int
    node_id: str
    body: str


class CommentEdited(Event):
    NAME = "issue_comment.edited"

    number: int
    comment_id: int
    node_id: str
    body: str
    previous: str
    updated_at: datetime


class CommentDeleted(Event):
    NAME = "issue_comment.deleted"

    number: int
    comment_id: int
    node_id: str
    body: str


class ReviewSubmitted(Event):
    NAME = "pull_request_review.submitted"

    number: int
    review_id: int
    node_id: str
    body: str


class ReviewDismissed(Event):
    NAME = "pull_request_review.dismissed"

    number: int
    review_id: int
    node_id: str


class PullClosed(Event):
    NAME = "pull_request.closed"

    number: int
    node_id: str


class PullPushed(Event):
    NAME = "pull_request.synchronize"

    number: int
    after: Sha


class CheckRequested(Event):
    """Somebody pressed a button on a check run."""

    NAME = "check_run.requested_action"

    number: int
    check_id: int
    app_id: int
    head_sha: Sha
    identifier: str


def parse(name: str, body: bytes) -> Event | Ignored:
    """The event of a delivery. `name` is the X-GitHub-Event header, which is not signed; the body is."""
    if name not in _READERS:
        return Ignored(f"nothing listens to {name[:60]}")
    payload_type, reader = _READERS[name]
    try:
        payload = payload_type.model_validate_json(body)
        return reader(payload)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in one["loc"]) or "the body" for one in error.errors()})
        return Ignored(f"the {name} payload is not as GitHub describes it: {', '.join(places[:5])}")


def _issue(payload: IssuePayload) -> Event | Ignored:
    issue, action = payload.issue, payload.action
    if issue.pull_request is not None:
        return Ignored("a pull request, seen as an issue")
    common = _common(payload)
    if action == "opened":
        return IssueOpened(
            **common,
            number=issue.number,
            node_id=issue.node_id,
            title=issue.title,
            body=issue.body or "",
            labels=tuple(label.name for label in issue.labels),
            created_at=issue.created_at,
        )
    if action in {"closed", "deleted", "transferred"}:
        return IssueClosed(**common, number=issue.number, node_id=issue.node_id, how=action)
    if action in {"labeled", "unlabeled"} and payload.label is None:
        return Ignored(f"issues.{action} without a label")
    if action == "labeled" and payload.label is not None:
        label = payload.label.name
        return IssueLabeled(**common, number=issue.number, label=label, title=issue.title, body=issue.body or "")
    if action == "unlabeled" and payload.label is not None:
        return IssueUnlabeled(**common, number=issue.number, label=payload.label.name)
    return _unknown("issues", action)


def _comment(payload: CommentPayload) -> Event | Ignored:
    issue, comment, common = payload.issue, payload.comment, _common(payload)
    body = comment.body or ""
    if payload.action == "created":
        return CommentCreated(
            **common,
            number=issue.number,
            on_pull=issue.pull_request is not None,
            title=issue.title,
            issue_body=issue.body or "",
            comment_id=comment.id,
            node_id=comment.node_id,
            body=body,
        )
    if payload.action == "edited":
        before = payload.changes.body if payload.changes is not None else None
        if before is None:
            return Ignored("an edit that leaves the words as they were")
        return CommentEdited(
            **common,
            number=issue.number,
            comment_id=comment.id,
            node_id=comment.node_id,
            body=body,
            previous=before.from_,
            updated_at=comment.updated_at,
        )
    if payload.action == "deleted":
        return CommentDeleted(**common, number=issue.number, comment_id=comment.id, node_id=comment.node_id, body=body)
    return _unknown("issue_comment", payload.action)


def _review(payload: ReviewPayload) -> Event | Ignored:
    review, common = payload.review, _common(payload)
    number = payload.pull_request.number
    if payload.action == "submitted":
        return ReviewSubmitted(
            **common, number=number, review_id=review.id, node_id=review.node_id, body=review.body or ""
        )
    if payload.action == "dismissed":
        return ReviewDismissed(**common, number=number, review_id=review.id, node_id=review.node_id)
    return _unknown("pull_request_review", payload.action)


def _pull(payload: PullPayload) -> Event | Ignored:
    pull, common = payload.pull_request, _common(payload)
    if payload.action == "closed":
        return PullClosed(**common, number=pull.number, node_id=pull.node_id)
    if payload.action == "synchronize":
        return PullPushed(**common, number=pull.number, after=pull.head.sha)
    return _unknown("pull_request", payload.action)


def _check(payload: CheckRunPayload) -> Event | Ignored:
    if payload.action != "requested_action" or payload.requested_action is None:
        return _unknown("check_run", payload.action)
    check = payload.check_run
    if not check.pull_requests:
        return Ignored("a button on a check run that belongs to no pull request of this repository")
    return CheckRequested(
        **_common(payload),
        number=check.pull_requests[0].number,
        check_id=check.id,
        app_id=check.app.id,
        head_sha=check.head_sha,
        identifier=payload.requested_action.identifier,
    )


def _common(payload: Payload) -> dict[str, Any]:
    repository = payload.repository
    return {
        "repo": Repo(
            id=repository.id,
            owner=repository.owner.login,
            name=repository.name,
            installation_id=payload.installation.id,
        ),
        "sender": payload.sender.account(),
    }


def _unknown(name: str, action: str) -> Ignored:
    return Ignored(f"nothing listens to {name}.{action[:60]}")


_READERS: Mapping[str, tuple[type[Payload], Callable[[Any], Event | Ignored]]] = MappingProxyType(
    {
        "issues": (IssuePayload, _issue),
        "issue_comment": (CommentPayload, _comment),
        "pull_request_review": (ReviewPayload, _review),
        "pull_request": (PullPayload, _pull),
        "check_run": (CheckRunPayload, _check),
    }
)
