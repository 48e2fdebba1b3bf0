"""A model that is away again and again is left alone by every run; none burns its retries, and people see why."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World

from adapters.models.guarded import GuardedModel
from adapters.sandbox.gateway import ConnectGateway, Unreached
from adapters.store import breakers, events, runs
from adapters.store.breakers import StoredBreakers
from core.breakers import FAILURES, Guard
from core.completions import Completion, Message, Model, Tool
from core.errors import ModelAway


@dataclass
class Faltering:
    """A model whose service can be away."""

    model: Model
    away: bool = True
    calls: int = 0

    async def complete(self, messages: Sequence[Message], tools: Sequence[Tool], *, purpose: str) -> Completion:
        self.calls += 1
        if self.away:
            raise ModelAway("Cannot reach the service of the model.")
        return await self.model.complete(messages, tools, purpose=purpose)


def falter(world: World) -> Faltering:
    """From here on the model is away; every call to it is guarded as in a job."""
    found = Faltering(world.services.model)
    guard = Guard(StoredBreakers(world.services.store), world.clock)
    world.services = replace(world.services, model=GuardedModel(found, "model:openai/faltering", guard))
    return found


async def away(world: World) -> list[str]:
    async with world.services.store.read() as db:
        return [breaker.dependency for breaker in await breakers.away(db)]


@pytest.mark.slow
async def test_runs_that_need_a_model_that_is_away_wait_for_it_without_asking(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        model = falter(world)
        first, second = await world.ask(), await world.ask()
        for _ in range(8):
            await world.settle()
            if await away(world):
                break
            world.clock.leap(10)
        assert await away(world) == ["model:openai/faltering"]
        assert model.calls == FAILURES

        third = await world.ask()
        await world.settle()
        assert model.calls == FAILURES, "nobody asks while it is left alone"
        assert world.replies(third)[0].startswith(
            "**✋ Waiting**: The model `openai/faltering` failed 5 times in a row, so nobody asks it before "
        )
        newest = await world.run()
        assert (newest.outages, newest.attempts) == (0, 0), "what others saw fail counts for none of this run's"

        world.clock.leap(31)
        await world.settle()
        assert model.calls == FAILURES + 1, "one run asks whether it is back"

        model.away = False
        await world.settle_in_time(rounds=20)
        assert await away(world) == []
        async with world.services.store.read() as db:
            states = {run.subject.number: run.state for run in await runs.recent(db, 10)}
        assert states == dict.fromkeys((first, second, third), "waiting")


ASKS = """python3 -c '
import socket, ssl
gateway = socket.create_connection(("127.0.0.1", 3128))
gateway.sendall(b"CONNECT pypi.org:443 HTTP/1.1\\r\\n\\r\\n")
said = gateway.recv(99).decode()
if " 200 " not in said:
    raise SystemExit(said)
gateway.settimeout(0.2)
try:
    ssl.create_default_context().wrap_socket(gateway, server_hostname="pypi.org")
except OSError:
    print("greeted")
'"""


@dataclass
class Road:
    """What lies between the gateway and the package index."""

    broken: bool = True
    asked: int = 0
    ends: list[socket.socket] = field(default_factory=list)


@pytest.fixture
def road(monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """The gateway reaches a mute end in place of the index, and nothing for as long as the road is broken."""
    found = Road()

    async def connected(gateway: ConnectGateway, meter: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        found.asked += 1
        if found.broken:
            raise Unreached(f"{meter.host} cannot be resolved: Name or service not known.")
        near, far = socket.socketpair()
        found.ends.append(far)
        return await asyncio.open_connection(sock=near)

    monkeypatch.setattr(ConnectGateway, "_connect", connected)
    yield found
    for end in found.ends:
        end.close()


@pytest.mark.slow
async def test_a_setup_that_cannot_reach_the_package_index_waits_for_it(tmp_path: Path, road: Road) -> None:
    async with quick_world(tmp_path, source=source(tmp_path, setup=[ASKS]), policy=AT_ONCE) as world:
        await world.ask()
        for _ in range(8):
            await world.settle()
            if await away(world):
                break
            world.clock.leap(40)
        assert await away(world) == ["index:pypi.org"]
        assert road.asked == FAILURES
        run = await world.run()
        assert (run.state, run.outages, run.attempts) == ("queued", FAILURES, 0)
        other = await world.ask()
        await world.settle()
        assert road.asked == FAILURES, "nobody asks while it is left alone"
        assert (await world.run()).state == "queued"
        assert world.replies(other)[0].startswith(
            "**✋ Waiting**: The package index `pypi.org` failed 5 times in a row, so nobody asks it before "
        )
        async with world.services.store.read() as db:
            journal = await events.of_run(db, run.id)
        failed = [entry.facts["passages"] for entry in journal if entry.name == "setup.failed"]
        assert failed == [["pypi.org:443 refused"]] * FAILURES
        road.broken = False
        await world.settle_in_time(rounds=20)
        assert await away(world) == []
        async with world.services.store.read() as db:
            assert {run.state for run in await runs.recent(db, 10)} == {"waiting"}
