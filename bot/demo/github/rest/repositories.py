"""Repositories themselves."""

from .. import shapes
from ..errors import missing, not_found
from ..records import Json
from ..routing import Call, Reply, Routes, visible
from ..shapes.repositories import merge_settings

routes = Routes()


@routes("GET", "/repos/{owner}/{repo}", needs="metadata:read")
async def get(call: Call) -> Reply:
    """Merge settings are shown to those who may push, and an App needs `contents: write` or `administration` for it."""
    shown: Json = shapes.repository(call.world, call.repository)
    token = call.actor.token
    writes = call.world.role(call.repository, call.actor.account) in {"write", "maintain", "admin"}
    if token is not None:
        writes = call.repository in token.repositories and token.permissions.get("contents") == "write"
    if writes:
        shown |= merge_settings(call.repository)
    return Reply(200, shown)


@routes("GET", "/repos/{owner}/{repo}/activity", needs="contents:read")
async def activity(call: Call) -> Reply:
    """Newest first unless asked otherwise; pages are linked by cursors, and have no numbers."""
    asked, found = call.query, call.repository.activities
    if ref := asked.get("ref", ""):
        name = ref if ref.startswith("refs/heads/") else f"refs/heads/{ref}"
        found = [each for each in found if each.ref == name]
    if actor := asked.get("actor", "").lower():
        found = [each for each in found if each.actor and each.actor.login.lower() == actor]
    if kind := asked.get("activity_type"):
        found = [each for each in found if each.kind == kind]
    if asked.get("direction", "desc") == "desc":
        found = found[::-1]
    return call.cut(found, lambda each: shapes.activity(call.world, each))


@routes("POST", "/repos/{owner}/{repo}/dispatches", needs="contents:write")
async def dispatch(call: Call) -> Reply:
    """Tell the Apps `repository_dispatch`, with the caller's own event type as its action."""
    name = call.body.get("event_type")
    if not isinstance(name, str) or not name:
        raise missing("RepositoryDispatch", "event_type")
    payload = {"branch": call.repository.default_branch, "client_payload": call.body.get("client_payload") or {}}
    call.world.webhooks.emit(call.world, call.repository, "repository_dispatch", name, call.actor, payload)
    return Reply(204)


@routes("GET", "/repositories/{id}", needs="anyone")
async def get_by_id(call: Call) -> Reply:
    for each in call.world.repositories.values():
        if each.id == call.id("id") and visible(call.world, call.actor, each):
            return Reply(200, shapes.repository(call.world, each))
    raise not_found()
