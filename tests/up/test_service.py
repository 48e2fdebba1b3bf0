"""`pullwright up`: one tree of processes that comes up, stays up and leaves nothing."""

import asyncio
import hmac
import os
import signal
import sysconfig
import time
from pathlib import Path

import aiohttp
import pytest

from adapters.store import deliveries, open_store
from bot.up import supervise
from core.errors import ConfigurationError

from .waiting import eventually

PULLWRIGHT = str(Path(sysconfig.get_path("scripts"), "pullwright"))


async def test_a_delivery_goes_all_the_way_to_intake_and_nothing_is_left_afterwards(environ, leftovers):
    body = b'{"zen": "Keep it logically awesome.", "hook_id": 1}'
    signed = "sha256=" + hmac.digest(environ["PULLWRIGHT_WEBHOOK_SECRET"].encode(), body, "sha256").hex()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "g-1",
        "X-Hub-Signature-256": signed,
    }
    async with supervise(environ, workers=1) as service:
        url = f"{service.url}/webhooks/github"
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
            assert response.status == 202
        async with open_store(service.settings.database_url) as store:

            async def routed() -> str | None:
                async with store.read() as db:
                    return (await deliveries.list_(db, 1))[0].outcome

            assert (await eventually(routed)).startswith("ignored")
        assert sorted(service.pids) == ["clock", "redis", "web", "worker intake", "worker runs 1"]
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert leftovers() == []


async def test_a_child_that_dies_is_started_again(environ, leftovers):
    async with supervise(environ, workers=1) as service:
        before = service.pids["web"]
        os.kill(before, signal.SIGKILL)

        async def answers() -> bool:
            if service.pids.get("web", before) == before:
                return False
            try:
                async with aiohttp.ClientSession() as session, session.get(f"{service.url}/healthz") as response:
                    return response.status == 200
            except aiohttp.ClientConnectionError:
                return False

        assert await eventually(answers)
    assert leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_up_ends_with_0_within_ten_seconds_of_a_signal(environ, leftovers, number):
    up = await asyncio.create_subprocess_exec(PULLWRIGHT, "up", "--workers", "1", env=environ, stderr=-1)
    assert up.stderr is not None
    assert await _line(up.stderr, b"Pullwright listens on http://127.0.0.1:")
    up.send_signal(number)
    began = time.monotonic()
    assert await up.wait() == 0
    assert time.monotonic() - began < 10
    assert leftovers() == []


async def test_a_killed_up_takes_everything_with_it(environ, leftovers):
    up = await asyncio.create_subprocess_exec(PULLWRIGHT, "up", "--workers", "1", env=environ, stderr=-1)
    assert up.stderr is not None
    assert await _line(up.stderr, b"Pullwright listens on")
    assert len(leftovers()) >= 5
    up.kill()
    await up.wait()

    async def nothing_left() -> bool:
        return leftovers() == []

    assert await eventually(nothing_left, seconds=5)


async def test_up_without_a_webhook_secret_ends_with_2_and_says_what_is_missing(environ, leftovers):
    without = {**environ, "PULLWRIGHT_WEBHOOK_SECRET": ""}
    up = await asyncio.create_subprocess_exec(PULLWRIGHT, "up", env=without, stderr=-1)
    _, told = await up.communicate()
    assert up.returncode == 2
    assert b"PULLWRIGHT_WEBHOOK_SECRET is not set" in told
    assert leftovers() == []


async def test_a_second_service_in_the_same_folder_is_refused(environ):
    async with supervise(environ, workers=1):
        with pytest.raises(ConfigurationError, match=r"Another `pullwright up` already runs in "):
            async with supervise(environ, workers=1):
                pass


async def test_no_secret_stands_in_a_command_line(environ, leftovers):
    async with supervise(environ, workers=1):
        lines = " ".join(leftovers())
        assert "pullwright" in lines
        assert environ["PULLWRIGHT_WEBHOOK_SECRET"] not in lines
        assert "PRIVATE KEY" not in lines


async def _line(stream: asyncio.StreamReader, beginning: bytes) -> bytes:
    async with asyncio.timeout(30):
        async for line in stream:
            if line.startswith(beginning):
                return line
    raise AssertionError(f"no line begins with {beginning!r}")
