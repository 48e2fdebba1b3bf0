"""Labels of the repository and of one issue."""

from urllib.parse import unquote

from .. import shapes
from ..acts import labels
from ..errors import missing, not_found
from ..records import Label
from ..routing import Call, Reply, Routes
from .issues import EITHER, require_access

routes = Routes()
READ = "issues:read|pull_requests:read"
ON_ISSUE = "/repos/{owner}/{repo}/issues/{number}/labels"


@routes("GET", "/repos/{owner}/{repo}/labels", needs=READ)
async def list_of_repository(call: Call) -> Reply:
    return call.listed(list(call.repository.labels.values()), lambda each: _shape(call, each))


@routes("POST", "/repos/{owner}/{repo}/labels", needs=EITHER)
async def create(call: Call) -> Reply:
    if not call.body.get("name"):
        raise missing("Label", "name")
    color = str(call.body.get("color") or "ededed").removeprefix("#")
    label = labels.create(call.world, call.repository, call.body["name"], color, call.body.get("description"))
    return Reply(201, _shape(call, label))


@routes("GET", "/repos/{owner}/{repo}/labels/{name}", needs=READ)
async def get(call: Call) -> Reply:
    wanted = unquote(call.parts["name"]).lower()
    for label in call.repository.labels.values():
        if label.name.lower() == wanted:
            return Reply(200, _shape(call, label))
    raise not_found()


@routes("GET", ON_ISSUE, needs=READ)
async def list_of_issue(call: Call) -> Reply:
    return call.listed(call.issue.labels, lambda each: _shape(call, each))


@routes("POST", ON_ISSUE, needs=EITHER, role="triage")
async def add(call: Call) -> Reply:
    """To add none is to take all of them off: so GitHub documents it."""
    require_access(call, call.issue)
    act = labels.add if (names := _names(call)) else labels.replace
    await act(call.world, call.actor, call.repository, call.issue, names)
    return Reply(200, [_shape(call, each) for each in call.issue.labels])


@routes("PUT", ON_ISSUE, needs=EITHER, role="triage")
async def replace(call: Call) -> Reply:
    require_access(call, call.issue)
    await labels.replace(call.world, call.actor, call.repository, call.issue, _names(call))
    return Reply(200, [_shape(call, each) for each in call.issue.labels])


@routes("DELETE", ON_ISSUE + "/{name}", needs=EITHER, role="triage")
async def remove(call: Call) -> Reply:
    require_access(call, call.issue)
    name = unquote(call.parts["name"])
    await labels.remove(call.world, call.actor, call.repository, call.issue, name)
    return Reply(200, [_shape(call, each) for each in call.issue.labels])


def _names(call: Call) -> list[str]:
    given = call.body.get("labels", call.body.get("_list")) or []
    return [str(each["name"] if isinstance(each, dict) else each) for each in given]


def _shape(call: Call, label: Label) -> dict[str, object]:
    return shapes.label(call.world, call.repository, label)
