"""Reviews of pull requests and comments on their diffs."""

from .. import shapes
from ..acts import reviews
from ..errors import Refusal
from ..records import Issue, Review, ReviewComment
from ..routing import Call, Reply, Routes
from .issues import moment

routes = Routes()
PULL = "/repos/{owner}/{repo}/pulls/{number:[0-9]+}"
COMMENT = "/repos/{owner}/{repo}/pulls/comments/{id}"
READ, WRITE = "pull_requests:read", "pull_requests:write"


@routes("GET", PULL + "/reviews", needs=READ)
async def list_reviews(call: Call) -> Reply:
    """Oldest first; a pending review is shown to its author only."""
    issue, pull = call.pull
    found = [each for each in pull.reviews if each.state != "PENDING" or each.author is call.actor.account]
    return call.listed(found, lambda each: _review(call, issue, each))


@routes("POST", PULL + "/reviews", needs=WRITE, role="read")
async def create(call: Call) -> Reply:
    issue, _ = call.pull
    new = await reviews.review(call.world, call.actor, call.repository, issue, call.body)
    return Reply(200, _review(call, issue, new))


@routes("GET", PULL + "/reviews/{id}", needs=READ)
async def get(call: Call) -> Reply:
    issue, _ = call.pull
    return Reply(200, _review(call, issue, reviews.find(issue, call.id("id"))))


@routes("PUT", PULL + "/reviews/{id}", needs=WRITE, role="read")
async def change(call: Call) -> Reply:
    issue, _ = call.pull
    review = reviews.find(issue, call.id("id"))
    _require_own(call, review)
    reviews.edit(call.world, call.actor, call.repository, issue, review, call.body.get("body"))
    return Reply(200, _review(call, issue, review))


@routes("POST", PULL + "/reviews/{id}/events", needs=WRITE, role="read")
async def submit(call: Call) -> Reply:
    issue, _ = call.pull
    review = reviews.find(issue, call.id("id"))
    _require_own(call, review)
    if review.state != "PENDING":
        raise Refusal(422, "Could not submit a review that is not pending")
    event, body = call.body.get("event"), call.body.get("body")
    await reviews.submit(call.world, call.actor, call.repository, issue, review, event, body)
    return Reply(200, _review(call, issue, review))


@routes("PUT", PULL + "/reviews/{id}/dismissals", needs=WRITE)
async def dismiss(call: Call) -> Reply:
    issue, _ = call.pull
    review = reviews.find(issue, call.id("id"))
    reviews.dismiss(call.world, call.actor, call.repository, issue, review, call.body.get("message"))
    return Reply(200, _review(call, issue, review))


@routes("GET", PULL + "/reviews/{id}/comments", needs=READ)
async def comments_of_review(call: Call) -> Reply:
    issue, pull = call.pull
    review = reviews.find(issue, call.id("id"))
    found = [each for each in pull.comments if each.review is review]
    return call.listed(found, lambda each: _comment(call, issue, each))


@routes("GET", PULL + "/comments", needs=READ)
async def list_comments(call: Call) -> Reply:
    issue, pull = call.pull
    since = moment(call.query.get("since"))
    found = [
        each for each in pull.comments if each.review.state != "PENDING" and (since is None or each.updated_at >= since)
    ]
    return call.listed(found, lambda each: _comment(call, issue, each))


@routes("POST", PULL + "/comments", needs=WRITE, role="read")
async def create_comment(call: Call) -> Reply:
    issue, _ = call.pull
    new = await reviews.comment(call.world, call.actor, call.repository, issue, call.body)
    return Reply(201, _comment(call, issue, new))


@routes("POST", PULL + "/comments/{id}/replies", needs=WRITE, role="read")
async def reply(call: Call) -> Reply:
    issue, _ = call.pull
    body = {"in_reply_to": call.id("id"), "body": call.body.get("body")}
    new = await reviews.comment(call.world, call.actor, call.repository, issue, body)
    return Reply(201, _comment(call, issue, new))


@routes("GET", COMMENT, needs=READ)
async def get_comment(call: Call) -> Reply:
    return Reply(200, _comment(call, *reviews.find_comment(call.repository, call.id("id"))))


@routes("PATCH", COMMENT, needs=WRITE, role="read")
async def change_comment(call: Call) -> Reply:
    issue, comment = reviews.find_comment(call.repository, call.id("id"))
    _require_own(call, comment)
    reviews.edit_comment(call.world, call.actor, call.repository, issue, comment, call.body.get("body"))
    return Reply(200, _comment(call, issue, comment))


@routes("DELETE", COMMENT, needs=WRITE, role="read")
async def delete_comment(call: Call) -> Reply:
    issue, comment = reviews.find_comment(call.repository, call.id("id"))
    _require_own(call, comment)
    reviews.delete_comment(call.world, call.actor, call.repository, issue, comment)
    return Reply(204)


def _review(call: Call, issue: Issue, it: Review) -> dict[str, object]:
    return shapes.review(call.world, call.repository, issue, it)


def _comment(call: Call, issue: Issue, it: ReviewComment) -> dict[str, object]:
    return shapes.review_comment(call.world, call.repository, issue, it)


def _require_own(call: Call, it: Review | ReviewComment) -> None:
    if it.author is not call.actor.account:
        raise Refusal(403, "Resource not accessible by integration" if call.actor.token else "Forbidden")
