"""Comments on issues and pull requests."""

from .. import shapes
from ..acts import comments
from ..errors import Refusal
from ..records import Comment
from ..routing import Call, Reply, Routes
from .issues import EITHER, moment, require_access

routes = Routes()
READ = "issues:read|pull_requests:read"
ONE = "/repos/{owner}/{repo}/issues/comments/{id}"


@routes("GET", "/repos/{owner}/{repo}/issues/{number}/comments", needs=READ)
async def list_of_issue(call: Call) -> Reply:
    """Oldest first; `since` looks at when a comment was last updated."""
    since, issue = moment(call.query.get("since")), call.issue
    found = [each for each in issue.comments if since is None or each.updated_at >= since]
    return call.listed(found, lambda each: shapes.comment(call.world, call.repository, issue, each))


@routes("GET", "/repos/{owner}/{repo}/issues/comments", needs=READ)
async def list_of_repository(call: Call) -> Reply:
    since = moment(call.query.get("since"))
    found = [
        (issue, each)
        for issue in call.repository.issues.values()
        for each in issue.comments
        if since is None or each.updated_at >= since
    ]
    by_update = call.query.get("sort") == "updated"
    found.sort(
        key=lambda pair: (pair[1].updated_at if by_update else pair[1].created_at, pair[1].id),
        reverse=call.query.get("direction") == "desc",
    )
    return call.listed(found, lambda pair: shapes.comment(call.world, call.repository, *pair))


@routes("POST", "/repos/{owner}/{repo}/issues/{number}/comments", needs=EITHER, role="read")
async def create(call: Call) -> Reply:
    issue = call.issue
    require_access(call, issue)
    if issue.locked:
        raise Refusal(403, "Unable to create comment because issue is locked.")
    new = comments.comment(call.world, call.actor, call.repository, issue, call.body.get("body"))
    return Reply(201, shapes.comment(call.world, call.repository, issue, new))


@routes("GET", ONE, needs=READ)
async def get(call: Call) -> Reply:
    return Reply(200, shapes.comment(call.world, call.repository, *call.world.comment(call.repository, call.id("id"))))


@routes("PATCH", ONE, needs=EITHER, role="read")
async def change(call: Call) -> Reply:
    issue, comment = call.world.comment(call.repository, call.id("id"))
    require_access(call, issue)
    _require_own(call, comment)
    comments.edit(call.world, call.actor, call.repository, issue, comment, call.body.get("body"))
    return Reply(200, shapes.comment(call.world, call.repository, issue, comment))


@routes("DELETE", ONE, needs=EITHER, role="read")
async def delete(call: Call) -> Reply:
    issue, comment = call.world.comment(call.repository, call.id("id"))
    require_access(call, issue)
    _require_own(call, comment)
    comments.delete(call.world, call.actor, call.repository, issue, comment)
    return Reply(204)


def _require_own(call: Call, comment: Comment) -> None:
    """People change their own comments, and anybody's from the write role on; an App what its permission covers."""
    if call.actor.token or comment.author is call.actor.account:
        return
    if call.world.role(call.repository, call.actor.account) not in {"write", "maintain", "admin"}:
        raise Refusal(403, "Must have admin rights to Repository.")
