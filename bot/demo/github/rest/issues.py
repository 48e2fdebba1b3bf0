"""Issues: create, read, list, change; their assignees."""

from datetime import datetime

from .. import shapes
from ..acts import issues, labels
from ..errors import Refusal, invalid, missing
from ..records import ROLES, Issue
from ..routing import Call, Reply, Routes, grants

routes = Routes()
EITHER = "issues:write|pull_requests:write"


def require_access(call: Call, issue: Issue, level: str = "write") -> None:
    """An installation that only has `pull_requests` may not touch plain issues."""
    if call.actor.token and issue.pull is None and not grants(call.actor, call.repository, f"issues:{level}"):
        raise Refusal(403, "Resource not accessible by integration")


def moment(written: str | None) -> datetime | None:
    """The `since` of a query."""
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise invalid("Issue", "since") from None
    if found.tzinfo is None:
        raise invalid("Issue", "since")
    return found


@routes("GET", "/repos/{owner}/{repo}/issues", needs="issues:read")
async def list_issues(call: Call) -> Reply:
    """Pull requests are listed too, as at GitHub."""
    query, since = call.query, moment(call.query.get("since"))
    wanted = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    found = [
        each
        for each in call.repository.issues.values()
        if query.get("state", "open") in {each.state, "all"}
        and wanted <= {label.name.lower() for label in each.labels}
        and query.get("creator", each.author.login) == each.author.login
        and (since is None or each.updated_at >= since)
    ]
    key = query.get("sort", "created")
    found.sort(
        key=lambda each: (each.updated_at if key == "updated" else each.created_at, each.number),
        reverse=query.get("direction", "desc") == "desc",
    )
    return call.listed(found, lambda each: shapes.issue(call.world, call.repository, each))


@routes("POST", "/repos/{owner}/{repo}/issues", needs="issues:write", role="read")
async def create(call: Call) -> Reply:
    body = call.body
    if not body.get("title"):
        raise missing("Issue", "title")
    names = [each["name"] if isinstance(each, dict) else each for each in body.get("labels") or []]
    may_label = call.actor.token or _role_at_least(call, "triage")
    issue = await issues.open_issue(
        call.world,
        call.actor,
        call.repository,
        str(body["title"]),
        body.get("body"),
        names if may_label else [],
        body.get("assignees") if may_label else [],
    )
    return Reply(201, shapes.issue(call.world, call.repository, issue))


@routes("GET", "/repos/{owner}/{repo}/issues/{number}", needs="issues:read|pull_requests:read")
async def get(call: Call) -> Reply:
    return Reply(200, shapes.issue(call.world, call.repository, call.issue))


@routes("PATCH", "/repos/{owner}/{repo}/issues/{number}", needs=EITHER, role="read")
async def change(call: Call) -> Reply:
    """A person may change their own issue; somebody else's from the triage role on."""
    issue, body = call.issue, call.body
    require_access(call, issue)
    if not call.actor.token and issue.author is not call.actor.account and not _role_at_least(call, "triage"):
        raise Refusal(403, "Must have admin rights to Repository.")
    await issues.edit(call.world, call.actor, call.repository, issue, body.get("title"), body.get("body"))
    if body.get("labels") is not None:
        names = [each["name"] if isinstance(each, dict) else each for each in body["labels"]]
        await labels.replace(call.world, call.actor, call.repository, issue, names)
    if body.get("assignees") is not None:
        kept = set(body["assignees"])
        gone = [each.login for each in issue.assignees if each.login not in kept]
        await issues.set_assignees(call.world, call.actor, call.repository, issue, gone, keep=False)
        await issues.set_assignees(call.world, call.actor, call.repository, issue, body["assignees"], keep=True)
    reason = body.get("state_reason")
    if reason not in {None, "completed", "not_planned", "duplicate", "reopened"}:
        raise invalid("Issue", "state_reason")
    if body.get("state") == "closed":
        await issues.close(call.world, call.actor, call.repository, issue, reason or "completed")
    elif body.get("state") == "open":
        await issues.reopen(call.world, call.actor, call.repository, issue)
    elif body.get("state") is not None:
        raise invalid("Issue", "state")
    return Reply(200, shapes.issue(call.world, call.repository, issue))


@routes("POST", "/repos/{owner}/{repo}/issues/{number}/assignees", needs=EITHER, role="triage")
async def assign(call: Call) -> Reply:
    require_access(call, call.issue)
    await issues.set_assignees(
        call.world, call.actor, call.repository, call.issue, call.body.get("assignees") or [], keep=True
    )
    return Reply(201, shapes.issue(call.world, call.repository, call.issue))


@routes("DELETE", "/repos/{owner}/{repo}/issues/{number}/assignees", needs=EITHER, role="triage")
async def unassign(call: Call) -> Reply:
    require_access(call, call.issue)
    await issues.set_assignees(
        call.world, call.actor, call.repository, call.issue, call.body.get("assignees") or [], keep=False
    )
    return Reply(200, shapes.issue(call.world, call.repository, call.issue))


def _role_at_least(call: Call, role: str) -> bool:
    own = call.world.role(call.repository, call.actor.account)
    return [*ROLES].index(own) >= [*ROLES].index(role)  # type: ignore[arg-type]
