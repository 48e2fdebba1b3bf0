"""Reactions on issues, issue comments and review comments: 201 for a new one, 200 for one that was there."""

from collections.abc import Awaitable, Callable

from .. import shapes
from ..acts import reactions, reviews
from ..errors import Refusal
from ..records import Reaction
from ..routing import Call, Reply, Routes

routes = Routes()
Found = Callable[[Call], list[Reaction]]


def _of_issue(call: Call) -> list[Reaction]:
    return call.issue.reactions


def _of_comment(call: Call) -> list[Reaction]:
    return call.world.comment(call.repository, call.id("id"))[1].reactions


def _of_review_comment(call: Call) -> list[Reaction]:
    return reviews.find_comment(call.repository, call.id("id"))[1].reactions


def _list(found: Found) -> Callable[[Call], Awaitable[Reply]]:
    async def answer(call: Call) -> Reply:
        wanted = call.query.get("content")
        kept = [each for each in found(call) if wanted in {None, each.content}]
        return call.listed(kept, lambda each: shapes.reaction(call.world, each))

    return answer


def _create(found: Found) -> Callable[[Call], Awaitable[Reply]]:
    async def answer(call: Call) -> Reply:
        reaction, new = reactions.react(call.world, call.actor, found(call), call.body.get("content"))
        return Reply(201 if new else 200, shapes.reaction(call.world, reaction))

    return answer


def _delete(found: Found) -> Callable[[Call], Awaitable[Reply]]:
    async def answer(call: Call) -> Reply:
        on = found(call)
        if any(each.id == call.id("reaction") and each.user is not call.actor.account for each in on):
            raise Refusal(403, "Must have admin rights to Repository.")
        reactions.withdraw(on, call.id("reaction"))
        return Reply(204)

    return answer


for _path, _found, _permission in (
    ("/repos/{owner}/{repo}/issues/{number}/reactions", _of_issue, "issues"),
    ("/repos/{owner}/{repo}/issues/comments/{id}/reactions", _of_comment, "issues"),
    ("/repos/{owner}/{repo}/pulls/comments/{id}/reactions", _of_review_comment, "pull_requests"),
):
    _either = "{0}:{1}" if _permission == "pull_requests" else "issues:{1}|pull_requests:{1}"
    routes("GET", _path, needs=_either.format(_permission, "read"))(_list(_found))
    routes("POST", _path, needs=_either.format(_permission, "write"), role="read")(_create(_found))
    routes("DELETE", _path + "/{reaction}", needs=_either.format(_permission, "write"), role="read")(_delete(_found))
