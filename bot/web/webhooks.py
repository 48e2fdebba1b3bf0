"""POST /webhooks/github: signature, JSON, commit, 202. Nothing else is decided here.

| status | when |
| --- | --- |
| 202 | stored, known before or not |
| 400 | signed, but not JSON, or not a delivery |
| 401 | no signature, or a wrong one |
| 408 | the body did not arrive in time |
| 413 | larger than GitHub ever sends |
| 503 | the database does not take it; GitHub can send it again |
"""

import asyncio
import json
import re
import time

from aiohttp import web

from adapters.store import StoreUnavailable
from bot.web.keys import CLOCK, INBOX, METRICS, SECRETS
from bot.web.signature import SignedBody, verified, well_formed
from core.runs import Delivery

BODY_BYTES = 25 * 1024 * 1024
"""GitHub's limit for payloads; only this route takes so much."""
BODY_SECONDS = 30
RETRY_AFTER_SECONDS = 30

_GUID = re.compile(r"[A-Za-z0-9-]{1,64}")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HOOK = re.compile(r"[0-9]{1,20}")


class _Refused(Exception):
    """The answer is no. `why` goes back to the sender, and tells nothing that it did not know."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


async def receive(request: web.Request) -> web.Response:
    """202 means committed: from here on the delivery cannot be lost."""
    began = time.perf_counter()
    response = await _answer(request)
    request.app[METRICS].answered(response.status, time.perf_counter() - began)
    return response


async def _answer(request: web.Request) -> web.Response:
    try:
        delivery = _delivery(request, await _signed_body(request))
        await request.app[INBOX].put(delivery)
    except _Refused as refusal:
        response = web.Response(status=refusal.status, text=refusal.why + "\n")
        if not request.content.is_eof():
            response.force_close()  # what is still on its way is not worth reading
        return response
    except StoreUnavailable:
        return web.Response(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return web.Response(status=202)


async def _signed_body(request: web.Request) -> SignedBody:
    """The body, once its signature is known to be right."""
    header = request.headers.get("X-Hub-Signature-256")
    if header is None or not well_formed(header):
        raise _Refused(401, "X-Hub-Signature-256 is missing or malformed.")
    body = await _body(request)
    signed = verified(request.app[SECRETS], header, body)
    if signed is None:
        raise _Refused(401, "The signature does not fit the body.")
    return signed


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > BODY_BYTES:
        raise _Refused(413, "The body is too large.")
    if request.content.is_eof():  # a small body has come along with its headers
        return request.content.read_nowait()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > BODY_BYTES:
                    raise _Refused(413, "The body is too large.")
    except TimeoutError:
        raise _Refused(408, "The body did not arrive in time.") from None
    return bytes(body)


def _delivery(request: web.Request, body: SignedBody) -> Delivery:
    """The delivery, checked as far as the inbox needs. What an event means is asked later."""
    if request.content_type != "application/json":
        raise _Refused(400, "Content-Type must be application/json: choose it in the App's webhook settings.")
    try:
        payload = json.loads(body.raw)
    except (ValueError, RecursionError):
        raise _Refused(400, "The body is not JSON.") from None
    if not isinstance(payload, dict):
        raise _Refused(400, "The body is not a JSON object.")
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
        raise _Refused(400, f"{name} is missing or malformed.")
    return value
