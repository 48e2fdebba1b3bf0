"""The App about itself: installations, tokens, and the deliveries of its hook."""

import json
from datetime import timedelta
from urllib.parse import urlencode

from .. import auth, shapes
from ..errors import Refusal, not_found
from ..records import Delivery, Json
from ..routing import Call, Reply, Routes
from ..shapes.times import iso

DELIVERIES_KEPT = timedelta(days=3)

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
    found = [each for each in reversed(_kept(call)) if each.status != "pending" and _wanted(each, call.query)]
    if cursor := call.query.get("cursor"):
        number = cursor.removeprefix("v1_")
        if not number.isdecimal():
            raise Refusal(422, "Invalid cursor")
        found = [each for each in found if each.id <= int(number)]
    asked = call.query.get("per_page", "30")
    size = min(max(int(asked) if asked.isdecimal() else 30, 1), 100)
    headers = {}
    if len(found) > size:
        query = urlencode(call.query | {"per_page": size, "cursor": f"v1_{found[size].id}"})
        headers["Link"] = f'<{call.world.url}/app/hook/deliveries?{query}>; rel="next"'
    return Reply(200, [_delivery(each) for each in found[:size]], headers)


def _wanted(it: Delivery, query: dict[str, str]) -> bool:
    """`status` goes by the code: success is 200 to 399, failure is what is above."""
    outcome = "success" if 200 <= it.status_code < 400 else "failure"
    again = "true" if it.redelivery else "false"
    return query.get("status", outcome) == outcome and query.get("redelivery", again) == again


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
    for each in _kept(call):
        if each.id == call.id("id"):
            return each
    raise not_found()


def _kept(call: Call) -> list[Delivery]:
    """The log of the App's hook: what is older than three days is forgotten, and cannot be sent again."""
    since = call.world.now() - DELIVERIES_KEPT
    return [each for each in call.world.webhooks.log if each.hook is call.app.hook and each.delivered_at >= since]


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
