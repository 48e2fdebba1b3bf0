"""POST /webhooks/github: signature, JSON, commit, 202. Nothing else is decided here.

| status | when |
| --- | --- |
| 202 | stored, known before or not |
| 400 | signed, but not JSON, or not a delivery |
| 401 | no signature, or a wrong one |
| 408 | the body did not arrive in time |
| 413 | larger than GitHub ever sends |
| 503 | the database does not take it, or large bodies fill the memory; GitHub can send it again |
"""

import json
import re
import time

from aiohttp import web

from bot.web.bodies import Refused, answered, body_of
from bot.web.keys import CLOCK, INBOX, METRICS, SECRETS
from bot.web.signature import SignedBody, verified, well_formed
from core.runs import Delivery

BODY_BYTES = 25 * 1024 * 1024
"""GitHub's limit for payloads; only this route takes so much."""

_GUID = re.compile(r"[A-Za-z0-9-]{1,64}")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HOOK = re.compile(r"[0-9]{1,20}")


async def receive(request: web.Request) -> web.Response:
    """202 means committed: from here on the delivery cannot be lost."""
    began = time.perf_counter()
    response = await answered(request, _store)
    request.app[METRICS].answered(response.status, time.perf_counter() - began)
    return response


async def _store(request: web.Request) -> None:
    await request.app[INBOX].put(_delivery(request, await _signed_body(request)))


async def _signed_body(request: web.Request) -> SignedBody:
    """The body, once its signature is known to be right."""
    header = request.headers.get("X-Hub-Signature-256")
    if header is None or not well_formed(header):
        raise Refused(401, "X-Hub-Signature-256 is missing or malformed.")
    body = await body_of(request, BODY_BYTES)
    signed = verified(request.app[SECRETS], header, body)
    if signed is None:
        raise Refused(401, "The signature does not fit the body.")
    return signed


def _delivery(request: web.Request, body: SignedBody) -> Delivery:
    """The delivery, checked as far as the inbox needs. What an event means is asked later."""
    if request.content_type != "application/json":
        raise Refused(400, "Content-Type must be application/json: choose it in the App's webhook settings.")
    try:
        payload = json.loads(body.raw)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON.") from None
    if not isinstance(payload, dict):
        raise Refused(400, "The body is not a JSON object.")
    headers = request.headers
    return Delivery(
        # A hook without an id of its own (a relay, an old GitHub Enterprise Server) is number 0.
        hook_id=_header(_HOOK, "X-GitHub-Hook-ID", headers.get("X-GitHub-Hook-ID", "0")),
        guid=_header(_GUID, "X-GitHub-Delivery", headers.get("X-GitHub-Delivery")),
        event=_header(_EVENT, "X-GitHub-Event", headers.get("X-GitHub-Event")),
        body=body.raw,
        received_at=request.app[CLOCK].now(),
    )


def _header(pattern: re.Pattern[str], name: str, value: str | None) -> str:
    if value is None or pattern.fullmatch(value) is None:
        raise Refused(400, f"{name} is missing or malformed.")
    return value
