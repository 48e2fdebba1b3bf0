"""POST /hooks/<name>: a call that is signed and fresh is a delivery; everything else is refused, and tells nothing."""

import hmac
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from pydantic import SecretStr

from adapters.settings import Settings
from bot.web.hooks import BODY_BYTES
from core.clock import FixedClock

SECRET, OLD = "a secret of sixteen or more", "an older secret of that hook"
NOW = int(FixedClock().now().timestamp())
CALL = {"repository": "acme/site", "inputs": {"place": "north", "times": 2}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    pairs = (("deploy", OLD), ("deploy", SECRET), ("nightly", "another secret, for another hook"))
    return settings.model_copy(update={"hook_secrets": tuple((name, SecretStr(secret)) for name, secret in pairs)})


async def call(
    client: TestClient[Any, Any],
    body: bytes = json.dumps(CALL).encode(),
    *,
    name: str = "deploy",
    secret: str = SECRET,
    at: int | str = NOW,
    **changed: str | None,
) -> tuple[int, str]:
    sent = {
        "Pullwright-Timestamp": str(at),
        "Pullwright-Signature": "sha256=" + hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex(),
    }
    sent |= {key.replace("_", "-"): value for key, value in changed.items()}  # type: ignore[misc]
    headers = {key: value for key, value in sent.items() if value is not None}
    async with client.post(f"/hooks/{name}", data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_a_signed_call_is_stored_as_a_delivery_of_our_own_with_the_hook_it_was_signed_for(client, inbox, bell):
    assert await call(client) == (202, "")
    (stored,) = await inbox()
    assert (stored.hook_id, stored.event) == ("hooks", "hook")
    assert json.loads(stored.body) == {**CALL, "hook": "deploy"}
    assert bell.intake_rings == 1


async def test_the_same_call_sent_again_is_the_same_delivery_and_a_later_one_is_another(client, inbox):
    assert [(await call(client))[0] for _ in range(3)] == [202, 202, 202]
    assert len(await inbox()) == 1
    assert (await call(client, at=NOW + 1))[0] == 202
    assert len(await inbox()) == 2


async def test_two_secrets_count_while_they_are_rotated(client):
    assert (await call(client, secret=OLD))[0] == 202


MALFORMED = "Pullwright-Timestamp or Pullwright-Signature is missing or malformed.\n"
UNFIT = "There is no such hook, or the signature does not fit.\n"
STALE = "The time of this call is more than five minutes from ours.\n"
FORM = 'The body is not of the form {"repository": "owner/name", "inputs": {…}}.\n'


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"Pullwright_Signature": None}, 401, MALFORMED),
        ({"Pullwright_Signature": "sha256=00"}, 401, MALFORMED),
        ({"Pullwright_Timestamp": None}, 401, MALFORMED),
        ({"at": "soon"}, 401, MALFORMED),
        ({"at": 10**11 * 9}, 401, MALFORMED),
        ({"Pullwright_Timestamp": str(NOW + 1)}, 401, UNFIT),
        ({"secret": "not the secret of this hook"}, 401, UNFIT),
        ({"name": "nightly"}, 401, UNFIT),
        ({"name": "unknown"}, 401, UNFIT),
        ({"at": NOW - 301}, 401, STALE),
        ({"at": NOW + 301}, 401, STALE),
        ({"body": b"no"}, 400, FORM),
        ({"body": b"[]"}, 400, FORM),
        ({"body": b'{"repository": "site"}'}, 400, FORM),
        ({"body": b'{"repository": "acme/site", "workflow": "deploy"}'}, 400, FORM),
        ({"body": b'{"repository": "acme/site", "hook": "nightly"}'}, 400, FORM),
        ({"body": b"[" * 60_000}, 400, FORM),
        ({"body": b'{"repository": "acme/site", "inputs": {"times": NaN}}'}, 400, FORM),
        ({"body": b'{"repository": "acme/site", "inputs": {"times": [{"deep": -Infinity}]}}'}, 400, FORM),
        ({"body": b'{"repository": "acme/site", "inputs": {"times": 1e999}}'}, 400, FORM),
        ({"body": b" " * (BODY_BYTES + 1)}, 413, "The body is too large.\n"),
    ],
)
async def test_what_is_not_a_signed_and_fresh_call_is_refused_and_not_stored(client, inbox, changed, status, says):
    assert await call(client, **changed) == (status, says)
    assert await inbox() == []
