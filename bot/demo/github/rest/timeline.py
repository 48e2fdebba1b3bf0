"""What happened to an issue: the timeline, and the narrower list of events."""

from .. import shapes
from ..errors import not_found
from ..routing import Call, Reply, Routes

routes = Routes()
_NOT_EVENTS = {"commented", "cross-referenced", "reviewed", "committed"}


@routes("GET", "/repos/{owner}/{repo}/issues/{number}/timeline", needs="issues:read|pull_requests:read")
async def timeline(call: Call) -> Reply:
    issue = call.issue
    return call.listed(issue.timeline, lambda each: shapes.timeline_entry(call.world, call.repository, issue, each))


@routes("GET", "/repos/{owner}/{repo}/issues/{number}/events", needs="issues:read|pull_requests:read")
async def events(call: Call) -> Reply:
    found = [each for each in call.issue.timeline if each.event not in _NOT_EVENTS]
    return call.listed(found, lambda each: shapes.issue_event(call.world, call.repository, each))


@routes("GET", "/repos/{owner}/{repo}/issues/events/{id}", needs="issues:read|pull_requests:read")
async def get_event(call: Call) -> Reply:
    for issue in call.repository.issues.values():
        for each in issue.timeline:
            if each.id == call.id("id") and each.event not in _NOT_EVENTS:
                shown = shapes.issue_event(call.world, call.repository, each)
                return Reply(200, shown | {"issue": shapes.issue(call.world, call.repository, issue)})
    raise not_found()
