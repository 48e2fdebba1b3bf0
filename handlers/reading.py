"""GitHub's payloads, read into the values of `handlers.events` and `handlers.automatic`.

Nothing here raises for what a payload holds: what is malformed, or means nothing to us, is `Ignored` and says why.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from core.ci import GREEN
from core.names import Sha, run_of_branch
from handlers import automatic
from handlers.event import Event, Ignored, common, unknown
from handlers.events import (
    CheckRequested,
    CheckRerequested,
    ChecksReported,
    CommentCreated,
    CommentDeleted,
    CommentEdited,
    ConversationUnlocked,
    GroupFormed,
    IssueClosed,
    IssueLabeled,
    IssueOpened,
    IssueUnlabeled,
    LineCommented,
    PullClosed,
    PullPushed,
    RepositoryChanged,
    ReviewDismissed,
    ReviewSubmitted,
)
from handlers.payloads import (
    CheckRunPayload,
    CheckSuitePayload,
    CommentPayload,
    DispatchPayload,
    GroupPayload,
    IssuePayload,
    LinePayload,
    Payload,
    PullPayload,
    PushPayload,
    ReviewPayload,
    StatusPayload,
)


def parse(name: str, body: bytes, guid: str = "") -> Event | Ignored:
    """The event of a delivery. `name` and `guid` come in headers, which are not signed; the body is."""
    if name not in _READERS:
        return Ignored(f"nothing listens to {name[:60]}")
    payload_type, reader = _READERS[name]
    try:
        payload = payload_type.model_validate_json(body)
        event = reader(payload)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in one["loc"]) or "the body" for one in error.errors()})
        return Ignored(f"the {name} payload is not as GitHub describes it: {', '.join(places[:5])}")
    return event if isinstance(event, Ignored) else event.model_copy(update={"delivery": guid})


def _issue(payload: IssuePayload) -> Event | Ignored:
    issue, action = payload.issue, payload.action
    if issue.pull_request is not None:
        return Ignored("a pull request, seen as an issue")
    shared = common(payload)
    if action == "opened":
        return IssueOpened(
            **shared,
            number=issue.number,
            node_id=issue.node_id,
            title=issue.title,
            body=issue.body or "",
            labels=tuple(label.name for label in issue.labels),
            created_at=issue.created_at,
        )
    if action in {"closed", "deleted", "transferred"}:
        return IssueClosed(**shared, number=issue.number, node_id=issue.node_id, how=action)
    if action == "unlocked":
        return ConversationUnlocked(**shared, number=issue.number)
    if action in {"labeled", "unlabeled"} and payload.label is None:
        return Ignored(f"issues.{action} without a label")
    if action == "labeled" and payload.label is not None:
        label = payload.label.name
        return IssueLabeled(**shared, number=issue.number, label=label, title=issue.title, body=issue.body or "")
    if action == "unlabeled" and payload.label is not None:
        return IssueUnlabeled(**shared, number=issue.number, label=payload.label.name)
    return unknown("issues", action)


def _comment(payload: CommentPayload) -> Event | Ignored:
    issue, comment, shared = payload.issue, payload.comment, common(payload)
    body = comment.body or ""
    if payload.action == "created":
        return CommentCreated(
            **shared,
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
            **shared,
            number=issue.number,
            comment_id=comment.id,
            node_id=comment.node_id,
            body=body,
            previous=before.from_,
            updated_at=comment.updated_at,
        )
    if payload.action == "deleted":
        return CommentDeleted(**shared, number=issue.number, comment_id=comment.id, node_id=comment.node_id, body=body)
    return unknown("issue_comment", payload.action)


def _review(payload: ReviewPayload) -> Event | Ignored:
    review, shared = payload.review, common(payload)
    number = payload.pull_request.number
    if payload.action == "submitted":
        return ReviewSubmitted(
            **shared, number=number, review_id=review.id, node_id=review.node_id, body=review.body or ""
        )
    if payload.action == "dismissed":
        return ReviewDismissed(**shared, number=number, review_id=review.id, node_id=review.node_id)
    return unknown("pull_request_review", payload.action)


def _line(payload: LinePayload) -> Event | Ignored:
    comment = payload.comment
    if payload.action != "created":
        return unknown("pull_request_review_comment", payload.action)
    return LineCommented(
        **common(payload),
        number=payload.pull_request.number,
        node_id=comment.node_id,
        body=comment.body or "",
        created_at=comment.created_at,
    )


def _pull(payload: PullPayload) -> Event | Ignored:
    pull, shared = payload.pull_request, common(payload)
    if payload.action == "closed":
        return PullClosed(**shared, number=pull.number, node_id=pull.node_id)
    if payload.action == "synchronize":
        words = {"title": pull.title, "body": pull.body or "", "base": pull.base.ref}
        return PullPushed(**shared, number=pull.number, after=pull.head.sha, **words)
    if payload.action == "unlocked":
        return ConversationUnlocked(**shared, number=pull.number)
    return automatic.of_a_pull(payload)


def _check(payload: CheckRunPayload) -> Event | Ignored:
    check = payload.check_run
    if payload.action == "completed":
        branch = check.check_suite.head_branch if check.check_suite is not None else None
        if branch is not None and run_of_branch(branch) is None:
            return automatic.check_completed(payload, branch)
        key = f"check_run:{check.id}:{check.conclusion}:{check.completed_at}"
        return _reported(payload, (branch,), check.head_sha, check.app.id, key, check.conclusion not in GREEN)
    if payload.action == "rerequested":
        return CheckRerequested(
            **common(payload),
            check_id=check.id,
            app_id=check.app.id,
            name=check.name,
            external_id=check.external_id or "",
            head_sha=check.head_sha,
            branch=(check.check_suite.head_branch if check.check_suite is not None else None) or "",
        )
    if payload.action != "requested_action" or payload.requested_action is None:
        return unknown("check_run", payload.action)
    if not check.pull_requests:
        return Ignored("a button on a check run that belongs to no pull request of this repository")
    return CheckRequested(
        **common(payload),
        number=check.pull_requests[0].number,
        check_id=check.id,
        app_id=check.app.id,
        head_sha=check.head_sha,
        identifier=payload.requested_action.identifier,
    )


def _suite(payload: CheckSuitePayload) -> Event | Ignored:
    suite = payload.check_suite
    if payload.action != "completed":
        return unknown("check_suite", payload.action)
    key = f"check_suite:{suite.id}:{suite.conclusion}:{suite.updated_at}"
    return _reported(payload, (suite.head_branch,), suite.head_sha, suite.app.id, key, suite.conclusion not in GREEN)


def _group(payload: GroupPayload) -> Event | Ignored:
    if payload.action != "checks_requested":
        return unknown("merge_group", payload.action)
    group = payload.merge_group
    branch, base = (ref.removeprefix("refs/heads/") for ref in (group.head_ref, group.base_ref))
    return GroupFormed(**common(payload), branch=branch, base=base, head_sha=group.head_sha)


def _status(payload: StatusPayload) -> Event | Ignored:
    branches = tuple(branch.name for branch in payload.branches)
    red = payload.state in {"failure", "error"}
    return _reported(payload, branches, payload.sha, None, f"status:{payload.id}", red)


def _repository(payload: Payload) -> Event | Ignored:
    if payload.action in {"renamed", "transferred", "archived", "unarchived", "edited"}:
        return RepositoryChanged(**common(payload))
    return unknown("repository", payload.action)


def _reported(
    payload: Payload, branches: Sequence[str | None], head: Sha, app: int | None, key: str, red: bool
) -> Event | Ignored:
    """Who waits is told by the branch's name. One that is not told is no loss: a run that waits looks by itself."""
    found = [run for branch in branches if branch is not None and (run := run_of_branch(branch)) is not None]
    if not found:
        return Ignored("a check on a branch that is no run's")
    return ChecksReported(**common(payload), run_id=found[0], head_sha=head, app_id=app, key=key, red=red)


_READERS: Mapping[str, tuple[type[Payload], Callable[[Any], Event | Ignored]]] = MappingProxyType(
    {
        "issues": (IssuePayload, _issue),
        "issue_comment": (CommentPayload, _comment),
        "pull_request_review": (ReviewPayload, _review),
        "pull_request_review_comment": (LinePayload, _line),
        "pull_request": (PullPayload, _pull),
        "check_run": (CheckRunPayload, _check),
        "check_suite": (CheckSuitePayload, _suite),
        "status": (StatusPayload, _status),
        "merge_group": (GroupPayload, _group),
        "repository": (Payload, _repository),
        "push": (PushPayload, automatic.pushed),
        "repository_dispatch": (DispatchPayload, automatic.dispatched),
    }
)
