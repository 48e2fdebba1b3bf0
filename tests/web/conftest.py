"""The real receiver over real HTTP, on a real database; only the bell is silent."""

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from adapters.doorbell import SilentDoorbell
from adapters.settings import Settings, load
from adapters.store import Store, deliveries, open_store
from bot.web.app import make_app
from core.clock import FixedClock
from core.runs import Delivery

from .signing import SECRET, headers


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(
        {
            "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
            "PULLWRIGHT_DATABASE_URL": f"sqlite:///{tmp_path}/web.db",
            "PULLWRIGHT_REDIS_URL": f"unix://{tmp_path}/no-redis.sock",
        }
    )


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with open_store(settings.database_url, busy_seconds=0.1) as store:
        await store.migrate()
        yield store


@pytest.fixture
def bell() -> SilentDoorbell:
    return SilentDoorbell()


@pytest.fixture
async def client(settings: Settings, store: Store, bell: SilentDoorbell) -> AsyncIterator[TestClient[Any, Any]]:
    app = make_app(settings, store, bell, FixedClock(), busy_seconds=0.1)
    server = TestServer(app)
    await server.start_server(auto_decompress=False)  # as the web process does
    async with TestClient(server) as client:
        yield client


Post = Callable[..., Awaitable[ClientResponse]]


@pytest.fixture
def post(client: TestClient[Any, Any]) -> Post:
    async def post(body: bytes = json.dumps({"action": "opened"}).encode(), **changed: str | None) -> ClientResponse:
        async with client.post("/webhooks/github", data=io.BytesIO(body), headers=headers(body, **changed)) as response:
            await response.read()
            return response

    return post


@pytest.fixture
def inbox(store: Store) -> Callable[[], Awaitable[list[Delivery]]]:
    async def inbox() -> list[Delivery]:
        async with store.read() as db:
            found = [await deliveries.get(db, one.hook_id, one.guid) for one in await deliveries.list_(db, 1000)]
        return [delivery for delivery in found if delivery is not None]

    return inbox
