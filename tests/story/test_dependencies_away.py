"""A model that is away again and again is left alone by every run; none burns its retries, and people see why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World

from adapters.models.guarded import GuardedModel
from adapters.store import breakers, runs
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
