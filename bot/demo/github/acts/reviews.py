"""Reviews of pull requests and the comments in them."""

from .. import pull_facts, shapes
from ..errors import Refusal, custom, invalid, missing, not_found
from ..records import Actor, Issue, Json, Pull, Repository, Review, ReviewComment
from ..world import World
from . import merging
from .comments import check_body
from .telling import author_of, remember

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


async def review(world: World, actor: Actor, repository: Repository, issue: Issue, body: Json) -> Review:
    """A review with its comments; without `event` it stays pending and nobody is told."""
    pull = _pull(issue)
    account, app = author_of(actor)
    if any(each.author is account and each.state == "PENDING" for each in pull.reviews):
        raise Refusal(
            422, "Unprocessable Entity", [{"message": "User can only have one pending review per pull request"}]
        )
    event = body.get("event")
    _check_verdict(actor, issue, event, body.get("body"), bool(body.get("comments")))
    new = Review(
        *world.next_id("PRR"),
        account,
        app,
        body.get("body") or "",
        "PENDING",
        body.get("commit_id") or pull.head_sha,
        None,
    )
    comments = [await _comment(world, actor, repository, pull, new, each) for each in body.get("comments") or []]
    pull.reviews.append(new)
    pull.comments += comments
    if event:
        await submit(world, actor, repository, issue, new, event)
    return new


async def submit(
    world: World, actor: Actor, repository: Repository, issue: Issue, it: Review, event: object, body: str | None = None
) -> None:
    pull = _pull(issue)
    _check_verdict(actor, issue, event, body or it.body, any(each.review is it for each in pull.comments))
    it.state = STATES[str(event)]  # type: ignore[assignment]
    it.body, it.submitted_at = body or it.body, world.now()
    if it.author in pull.requested_reviewers and it.state in {"APPROVED", "CHANGES_REQUESTED"}:
        pull.requested_reviewers.remove(it.author)
    remember(world, actor, issue, "reviewed", {"state": it.state.lower(), "body": it.body, "commit_id": it.commit_id})
    _tell(world, actor, repository, issue, it, "submitted")
    for comment in pull.comments:
        if comment.review is it:
            _tell_comment(world, actor, repository, issue, comment, "created")
    await merging.merge_when_possible(world, repository, pull.head_sha)


def dismiss(world: World, actor: Actor, repository: Repository, issue: Issue, it: Review, message: object) -> None:
    if not isinstance(message, str) or not message:
        raise missing("PullRequestReview", "message")
    if it.state not in {"APPROVED", "CHANGES_REQUESTED"}:
        raise Refusal(422, "Validation Failed", [{"message": "Can not dismiss a pending or commented review"}])
    it.state = "DISMISSED"
    remember(world, actor, issue, "review_dismissed", {"dismissed_review": {"review_id": it.id}})
    _tell(world, actor, repository, issue, it, "dismissed")


def edit(world: World, actor: Actor, repository: Repository, issue: Issue, it: Review, body: object) -> None:
    before, it.body = it.body, check_body(body)
    _tell(world, actor, repository, issue, it, "edited", {"changes": {"body": {"from": before}}})


async def comment(world: World, actor: Actor, repository: Repository, issue: Issue, body: Json) -> ReviewComment:
    """A single comment on the diff, which GitHub wraps in a review of its own; or a reply to one."""
    pull = _pull(issue)
    account, app = author_of(actor)
    parent = None
    if body.get("in_reply_to"):
        parent = find_comment(repository, int(body["in_reply_to"]))[1]
        body = {"path": parent.path, "line": parent.line, "side": parent.side} | {"body": body.get("body")}
    around = Review(*world.next_id("PRR"), account, app, "", "COMMENTED", pull.head_sha, world.now())
    new = await _comment(world, actor, repository, pull, around, body)
    new.in_reply_to = (parent.in_reply_to or parent.id) if parent else None
    pull.reviews.append(around)
    pull.comments.append(new)
    _tell(world, actor, repository, issue, around, "submitted")
    _tell_comment(world, actor, repository, issue, new, "created")
    return new


def edit_comment(
    world: World, actor: Actor, repository: Repository, issue: Issue, it: ReviewComment, body: object
) -> None:
    before, it.body, it.updated_at = it.body, check_body(body), world.now()
    _tell_comment(world, actor, repository, issue, it, "edited", {"changes": {"body": {"from": before}}})


def delete_comment(world: World, actor: Actor, repository: Repository, issue: Issue, it: ReviewComment) -> None:
    _pull(issue).comments.remove(it)
    _tell_comment(world, actor, repository, issue, it, "deleted")


def find(issue: Issue, review_id: int) -> Review:
    for each in _pull(issue).reviews:
        if each.id == review_id:
            return each
    raise not_found()


def find_comment(repository: Repository, comment_id: int) -> tuple[Issue, ReviewComment]:
    for issue in repository.pulls:
        for each in _pull(issue).comments:
            if each.id == comment_id:
                return issue, each
    raise not_found()


def _check_verdict(actor: Actor, issue: Issue, event: object, body: str | None, has_comments: bool) -> None:
    if event is None:
        return
    if event not in STATES:
        raise Refusal(422, "Variable $event of type PullRequestReviewEvent was provided invalid value")
    own = actor.account is issue.author
    if own and event == "APPROVE":
        raise Refusal(422, "Unprocessable Entity", ["Can not approve your own pull request"])
    if own and event == "REQUEST_CHANGES":
        said = "Can not request changes on your own pull request"
        raise Refusal(422, "Unprocessable Entity", [said])
    if event != "APPROVE" and not body and not has_comments:
        raise custom("PullRequestReview", "body can't be blank")


async def _comment(
    world: World, actor: Actor, repository: Repository, pull: Pull, around: Review, body: Json
) -> ReviewComment:
    text = check_body(body.get("body"))
    path = body.get("path")
    if not path:
        raise missing("PullRequestReviewComment", "path")
    changed = {each["filename"]: each for each in await pull_facts.files(repository, pull)}
    if path not in changed:
        raise invalid("PullRequestReviewComment", "path", message="path could not be resolved")
    kind = str(body.get("subject_type") or "line")
    if kind == "line" and body.get("line") is None and body.get("position") is None:
        raise invalid("PullRequestReviewComment", "line", message="line could not be resolved")
    if kind == "line" and (body.get("side") or "RIGHT") == "RIGHT" and body.get("line") is not None:
        _check_lines(changed[path]["patch"], int(body["line"]), body.get("start_line"))
    account, app = author_of(actor)
    return ReviewComment(
        *world.next_id("PRRC"),
        around,
        account,
        app,
        text,
        path,
        body.get("commit_id") or pull.head_sha,
        changed[path]["patch"],
        world.now(),
        world.now(),
        body.get("line"),
        body.get("side") or "RIGHT",
        body.get("start_line"),
        subject_type=kind,
    )


def _check_lines(patch: str, line: int, start: int | None) -> None:
    """A comment stands on lines that the diff shows; one on several on those of one hunk."""
    around = next((hunk for hunk in pull_facts.hunks(patch) if line in hunk), None)
    if around is None:
        said = "pull_request_review_thread.line must be part of the diff"
    elif start is not None and start >= line:
        said = "pull_request_review_thread.start_line must precede the end line."
    elif start is not None and start not in around:
        said = "pull_request_review_thread.start_line must be part of the same hunk as the line."
    else:
        return
    raise Refusal(422, "Unprocessable Entity", [said])


def _tell(
    world: World, actor: Actor, repository: Repository, issue: Issue, it: Review, action: str, extra: Json | None = None
) -> None:
    payload: Json = {
        "review": shapes.review(world, repository, issue, it, event=True),
        "pull_request": shapes.simple_pull(world, repository, issue),
    }
    world.webhooks.emit(world, repository, "pull_request_review", action, actor, payload | (extra or {}))


def _tell_comment(
    world: World,
    actor: Actor,
    repository: Repository,
    issue: Issue,
    it: ReviewComment,
    action: str,
    extra: Json | None = None,
) -> None:
    payload: Json = {
        "comment": shapes.review_comment(world, repository, issue, it),
        "pull_request": shapes.simple_pull(world, repository, issue),
    }
    world.webhooks.emit(world, repository, "pull_request_review_comment", action, actor, payload | (extra or {}))


def _pull(issue: Issue) -> Pull:
    assert issue.pull is not None  # noqa: S101 (callers pass pull requests only)
    return issue.pull
