"""POST /hooks/<name>: somebody else's call, signed with the hook's secret, becomes a delivery like GitHub's.

    Pullwright-Timestamp: 1767225600
    Pullwright-Signature: sha256=<HMAC-SHA256 of "1767225600." and the body, in hex>

    {"repository": "owner/name", "inputs": {"place": "north"}}

The same call, sent again, is the same delivery: whoever overhears one can repeat it, and nothing comes of it.

| status | when |
| --- | --- |
| 202 | stored, known before or not |
| 400 | signed, but not a call |
| 401 | no signature, a wrong or an old one, or no such hook |
| 408 | the body did not arrive in time |
| 413 | larger than any call need be |
| 503 | the database does not take it; send it again |
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aiohttp import web
from pydantic import ValidationError

from bot.web.bodies import Refused, answered, body_of
from bot.web.keys import CLOCK, HOOK_SECRETS, INBOX
from bot.web.signature import SignedBody, verified, well_formed
from core.calls import HOOKS, Call, HookCall
from core.runs import Delivery

BODY_BYTES = 64 * 1024
FRESH = timedelta(minutes=5)
"""How far the time of a call may be from ours, either way."""

_TIMESTAMP = re.compile(r"[0-9]{1,10}")


async def receive(request: web.Request) -> web.Response:
    """202 means committed. Whether any workflow listens is not told: the answer says nothing of a repository."""
    return await answered(request, _store)


async def _store(request: web.Request) -> None:
    name = request.match_info["name"]
    signed, stamp = await _signed(request, request.app[HOOK_SECRETS].get(name, ()))
    await request.app[INBOX].put(_delivery(request, name, signed, stamp))


async def _signed(request: web.Request, secrets: Sequence[bytes]) -> tuple[SignedBody, str]:
    """The body and its time, once the signature over both is known to be right. Raises Refused."""
    stamp, header = request.headers.get("Pullwright-Timestamp", ""), request.headers.get("Pullwright-Signature")
    if not _TIMESTAMP.fullmatch(stamp) or header is None or not well_formed(header):
        raise Refused(401, "Pullwright-Timestamp or Pullwright-Signature is missing or malformed.")
    body = await body_of(request, BODY_BYTES)
    signed = verified(secrets, header, stamp.encode() + b"." + body)
    if signed is None:
        raise Refused(401, "There is no such hook, or the signature does not fit.")
    if abs(request.app[CLOCK].now() - datetime.fromtimestamp(int(stamp), UTC)) > FRESH:
        raise Refused(401, "The time of this call is more than five minutes from ours.")
    return SignedBody(body), stamp


def _delivery(request: web.Request, name: str, body: SignedBody, stamp: str) -> Delivery:
    try:
        call = Call.model_validate_json(body.raw)
    except ValidationError:
        raise Refused(400, 'The body is not of the form {"repository": "owner/name", "inputs": {…}}.') from None
    stored = HookCall(hook=name, repository=call.repository, inputs=call.inputs)
    return Delivery(
        hook_id=HOOKS,
        guid=hashlib.sha256(f"{name}.{stamp}.".encode() + body.raw).hexdigest(),
        event="hook",
        body=stored.model_dump_json().encode(),
        received_at=request.app[CLOCK].now(),
    )


def by_name(secrets: Sequence[tuple[str, bytes]]) -> Mapping[str, Sequence[bytes]]:
    """The secrets of each hook."""
    return {name: [secret for other, secret in secrets if other == name] for name, _ in secrets}
