"""POST /webhooks/github: what is accepted is on disk, and what is refused was not looked into."""

import asyncio
import gzip
import sqlite3
import uuid

import pytest
from pydantic import SecretStr

from adapters.doorbell import RedisDoorbell, SilentDoorbell
from adapters.settings import load
from bot.web.app import make_app
from bot.web.signature import verified
from bot.web.webhooks import BODY_BYTES
from core.clock import FixedClock
from core.errors import ConfigurationError

from .signing import SECRET, headers, signature


async def test_a_signed_delivery_is_stored_as_it_came_and_answered_with_202(post, inbox, bell):
    body = b'{"action": "labeled", "label": {"name": "\\u00e4"} }\n'
    guid = str(uuid.uuid4())
    response = await post(body, X_GitHub_Delivery=guid)
    assert (response.status, await response.text()) == (202, "")
    (stored,) = await inbox()
    assert (stored.hook_id, stored.guid, stored.event, stored.body) == ("7", guid, "issues", body)
    assert stored.received_at == FixedClock().now()
    assert bell.intake_rings == 1


async def test_the_same_delivery_twice_is_accepted_twice_and_stored_once(post, inbox):
    guid = str(uuid.uuid4())
    answers = [await post(X_GitHub_Delivery=guid) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    assert len(await inbox()) == 1


@pytest.mark.parametrize(
    ("body", "changed", "status", "answer"),
    [
        (b"{}", {"X_Hub_Signature_256": None}, 401, "X-Hub-Signature-256 is missing or malformed.\n"),
        (b"{}", {"X_Hub_Signature_256": "sha256=00"}, 401, "X-Hub-Signature-256 is missing or malformed.\n"),
        (b"{}", {"X_Hub_Signature_256": "sha1=" + "0" * 40}, 401, "X-Hub-Signature-256 is missing or malformed.\n"),
        (b"{}", {"X_Hub_Signature_256": "sha256=" + "0" * 64}, 401, "The signature does not fit the body.\n"),
        (b"{}", {"X_Hub_Signature_256": signature(b"{ }")}, 401, "The signature does not fit the body.\n"),
        (b"{}", {"X_Hub_Signature_256": signature(b"{}", "wrong")}, 401, "The signature does not fit the body.\n"),
        (b"no", {"X_Hub_Signature_256": signature(b"{}")}, 401, "The signature does not fit the body.\n"),
        (b"no", {}, 400, "The body is not JSON.\n"),
        (b"\xff\xfe", {}, 400, "The body is not JSON.\n"),
        (b"", {}, 400, "The body is not JSON.\n"),
        (b"[" * 100_000, {}, 400, "The body is not JSON.\n"),
        (b"[]", {}, 400, "The body is not a JSON object.\n"),
        (b"{}", {"X_GitHub_Delivery": None}, 400, "X-GitHub-Delivery is missing or malformed.\n"),
        (b"{}", {"X_GitHub_Delivery": "a b"}, 400, "X-GitHub-Delivery is missing or malformed.\n"),
        (b"{}", {"X_GitHub_Event": None}, 400, "X-GitHub-Event is missing or malformed.\n"),
        (b"{}", {"X_GitHub_Event": "x" * 65}, 400, "X-GitHub-Event is missing or malformed.\n"),
        (b"{}", {"X_GitHub_Hook_ID": "seven"}, 400, "X-GitHub-Hook-ID is missing or malformed.\n"),
        (
            b"payload=%7B%7D",
            {"Content_Type": "application/x-www-form-urlencoded"},
            400,
            "Content-Type must be application/json: choose it in the App's webhook settings.\n",
        ),
    ],
)
async def test_what_is_no_delivery_is_refused_and_leaves_nothing(post, inbox, bell, body, changed, status, answer):
    response = await post(body, **changed)
    assert (response.status, await response.text()) == (status, answer)
    assert await inbox() == []
    assert bell.intake_rings == 0


async def test_an_event_that_nobody_knows_is_stored_all_the_same(post, inbox):
    assert (await post(X_GitHub_Event="event_of_2031")).status == 202
    assert [delivery.event for delivery in await inbox()] == ["event_of_2031"]


async def test_a_hook_without_an_id_is_number_0(post, inbox):
    assert (await post(X_GitHub_Hook_ID=None)).status == 202
    assert [delivery.hook_id for delivery in await inbox()] == ["0"]


async def test_a_compressed_body_is_taken_as_the_bytes_that_were_signed(post):
    assert (await post(gzip.compress(b"{}"), Content_Encoding="gzip")).status == 400


def test_the_example_of_githubs_documentation_is_verified():
    given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    signed = verified([SECRET.encode()], given, b"Hello, World!")
    assert signed is not None
    assert signed.raw == b"Hello, World!"


async def test_both_secrets_are_accepted_while_they_are_rotated(settings, store, aiohttp_client):
    client = await aiohttp_client(
        make_app(
            settings.model_copy(update={"webhook_secret": (SecretStr("new"), SecretStr("old"))}),
            store,
            SilentDoorbell(),
            FixedClock(),
        )
    )
    statuses = [
        (await client.post("/webhooks/github", data=b"{}", headers=headers(b"{}", X_Hub_Signature_256=signed))).status
        for signed in (signature(b"{}", "new"), signature(b"{}", "old"), signature(b"{}", "older"))
    ]
    assert statuses == [202, 202, 401]


def test_without_a_secret_the_app_is_not_made(store):
    with pytest.raises(ConfigurationError, match=r"^PULLWRIGHT_WEBHOOK_SECRET is not set: without it nobody can tell"):
        make_app(load({}), store, SilentDoorbell(), FixedClock())


async def test_25_mib_are_taken_and_one_byte_more_is_413(post):
    body = b'{"a": "' + b"x" * (BODY_BYTES - 9) + b'"}'
    assert len(body) == BODY_BYTES
    assert (await post(body)).status == 202
    assert (await post(body + b" ")).status == 413


async def test_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit(client):
    async def endless():
        for _ in range(BODY_BYTES // 2**20 + 1):
            yield b" " * 2**20

    response = await client.post("/webhooks/github", data=endless(), headers=headers(b""))
    assert (response.status, await response.text()) == (413, "The body is too large.\n")


async def test_300_deliveries_at_once_are_all_stored_in_few_transactions(post, inbox, bell):
    guids = [str(uuid.uuid4()) for _ in range(300)]
    answers = await asyncio.gather(*(post(X_GitHub_Delivery=guid) for guid in guids))
    assert {answer.status for answer in answers} == {202}
    assert sorted(delivery.guid for delivery in await inbox()) == sorted(guids)
    assert bell.intake_rings < 100


async def test_a_database_that_is_busy_for_too_long_is_503_and_the_next_try_is_stored(post, inbox, tmp_path):
    guid = str(uuid.uuid4())
    other = sqlite3.connect(tmp_path / "web.db")
    other.execute("BEGIN IMMEDIATE")
    refused = await post(X_GitHub_Delivery=guid)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    other.rollback()
    other.close()
    assert (await post(X_GitHub_Delivery=guid)).status == 202
    assert [delivery.guid for delivery in await inbox()] == [guid]


async def test_without_redis_a_delivery_is_accepted_all_the_same(settings, store, inbox, aiohttp_client):
    bell = RedisDoorbell(settings.doorbell_url)
    client = await aiohttp_client(make_app(settings, store, bell, FixedClock()))
    response = await client.post("/webhooks/github", data=b"{}", headers=headers(b"{}"))
    assert response.status == 202
    assert len(await inbox()) == 1


async def test_what_was_accepted_is_flushed_when_the_app_is_closed(client, store, inbox, bell):
    async def send():
        await client.post("/webhooks/github", data=b"{}", headers=headers(b"{}"))

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(send())
    await client.server.close()
    assert len(await inbox()) == 5
