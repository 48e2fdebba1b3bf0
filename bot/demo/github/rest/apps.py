"""The App about itself: installations, tokens, and the deliveries of its hook."""

import json

from .. import auth, shapes
from ..errors import not_found
from ..records import Delivery, Json
from ..routing import Call, Reply, Routes
from ..shapes.times import iso

routes = Routes()


@routes("GET", "/app", needs="jwt")
async def get_app(call: Call) -> Reply:
    mine = [each for each in call.world.installations.values() if each.app is call.app]
    return Reply(200, shapes.app(call.world, call.app) | {"installations_count": len(mine)})


@routes("GET", "/apps/{slug}", needs="anyone")
async def get_by_slug(call: Call) -> Reply:
    app = call.world.apps.get(call.parts["slug"])
    if app is None:
        raise not_found()
    return Reply(200, shapes.app(call.world, app))


@routes("GET", "/app/installations", needs="jwt")
async def list_installations(call: Call) -> Reply:
    mine = [each for each in call.world.installations.values() if each.app is call.app]
    return call.listed(mine, lambda each: shapes.installation(call.world, each))


@routes("GET", "/app/installations/{id}", needs="jwt")
async def get_installation(call: Call) -> Reply:
    found = auth.own_installation(call.world, call.app, call.id("id"))
    return Reply(200, shapes.installation(call.world, found))


@routes("POST", "/app/installations/{id}/access_tokens", needs="jwt")
async def create_token(call: Call) -> Reply:
    found = auth.own_installation(call.world, call.app, call.id("id"))
    token = auth.new_token(call.world, found, call.body)
    shown: Json = {
        "token": token.value,
        "expires_at": iso(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "selected",
    }
    if token.narrowed:
        shown["repositories"] = [shapes.repository(call.world, each) for each in token.repositories]
    return Reply(201, shown)


@routes("DELETE", "/installation/token", needs="installation")
async def revoke_token(call: Call) -> Reply:
    assert call.actor.token is not None  # noqa: S101 (the route admits installations only)
    call.actor.token.revoked = True
    return Reply(204)


@routes("GET", "/installation/repositories", needs="installation")
async def list_repositories(call: Call) -> Reply:
    assert call.actor.token is not None  # noqa: S101 (the route admits installations only)
    found = call.actor.token.repositories
    return call.counted("repositories", found, lambda each: shapes.repository(call.world, each))


@routes("GET", "/repos/{owner}/{repo}/installation", needs="jwt")
async def installation_of_repository(call: Call) -> Reply:
    found = call.world.installation_of(call.app, call.repository)
    if found is None:
        raise not_found()
    return Reply(200, shapes.installation(call.world, found))


async def _installation_of_account(call: Call) -> Reply:
    account = call.world.account(call.parts["login"])
    for found in call.world.installations.values():
        if found.app is call.app and found.account is account:
            return Reply(200, shapes.installation(call.world, found))
    raise not_found()


routes("GET", "/users/{login}/installation", needs="jwt")(_installation_of_account)
routes("GET", "/orgs/{login}/installation", needs="jwt")(_installation_of_account)


@routes("GET", "/app/hook/config", needs="jwt")
async def hook_config(call: Call) -> Reply:
    hook = call.app.hook
    secret = {"secret": "********"} if hook.secret else {}
    return Reply(200, {"content_type": "json", "insecure_ssl": "0", "url": hook.url} | secret)


@routes("PATCH", "/app/hook/config", needs="jwt")
async def change_hook_config(call: Call) -> Reply:
    hook = call.app.hook
    hook.url, hook.secret = call.body.get("url", hook.url), call.body.get("secret", hook.secret)
    return await hook_config(call)


@routes("GET", "/app/hook/deliveries", needs="jwt")
async def list_deliveries(call: Call) -> Reply:
    """Newest first. The cursor is the id to go on from, told in the Link header."""
    mine = [
        each for each in reversed(call.world.webhooks.log) if each.hook is call.app.hook and each.status != "pending"
    ]
    cursor = call.query.get("cursor", "")
    if cursor:
        at = int(cursor.removeprefix("v1_")) if cursor.removeprefix("v1_").isdigit() else 0
        mine = [each for each in mine if each.id <= at]
    size = min(max(int(call.query.get("per_page", "30")), 1), 100)
    headers = {}
    if len(mine) > size:
        address = f"{call.world.url}/app/hook/deliveries?per_page={size}&cursor=v1_{mine[size].id}"
        headers["Link"] = f'<{address}>; rel="next"'
    return Reply(200, [_delivery(each) for each in mine[:size]], headers)


@routes("GET", "/app/hook/deliveries/{id}", needs="jwt")
async def get_delivery(call: Call) -> Reply:
    found = _find_delivery(call)
    return Reply(
        200,
        _delivery(found)
        | {
            "url": found.hook.url,
            "request": {"headers": found.headers, "payload": json.loads(found.body)},
            "response": {"headers": found.response_headers, "payload": found.response_body},
        },
    )


@routes("POST", "/app/hook/deliveries/{id}/attempts", needs="jwt")
async def redeliver(call: Call) -> Reply:
    call.world.webhooks.redeliver(call.world, _find_delivery(call))
    return Reply(202, {})


def _find_delivery(call: Call) -> Delivery:
    for each in call.world.webhooks.log:
        if each.id == call.id("id") and each.hook is call.app.hook:
            return each
    raise not_found()


def _delivery(it: Delivery) -> Json:
    return {
        "id": it.id,
        "guid": it.guid,
        "delivered_at": iso(it.delivered_at),
        "redelivery": it.redelivery,
        "duration": it.duration,
        "status": it.status,
        "status_code": it.status_code,
        "event": it.event,
        "action": it.action,
        "installation_id": it.installation_id,
        "repository_id": it.repository_id,
        "throttled_at": None,
    }
