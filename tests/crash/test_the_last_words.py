"""What is to be said when a run has ended is said by the worker that ended it, though its lease is over by then."""

import asyncio
from pathlib import Path

from aiohttp import web
from story_trust import change_waits, quick_world

from adapters.store import effects
from bot.demo.github.faults import Act

BEATS = {"PULLWRIGHT_LEASE_SECONDS": "2", "PULLWRIGHT_HEARTBEAT_SECONDS": "0.1"}


async def test_a_heartbeat_after_the_end_of_a_run_does_not_cut_its_last_words_short(tmp_path: Path) -> None:
    async with quick_world(tmp_path, settings=BEATS) as world:
        await change_waits(world)

        async def slow(request: web.Request, act: Act) -> web.StreamResponse:
            if request.method == "PATCH" and "/issues/comments/" in request.path:
                await asyncio.sleep(0.5)  # several beats
            return await act(request)

        world.town.github.middlewares.append(slow)
        await world.approver.approve(world.pull_number)
        await world.settle()
        assert (await world.run()).state == "succeeded"
        async with world.services.store.read() as db:
            assert await effects.unsettled_loose(db) == 0
        assert world.replies()[0].startswith("**✅ Done**")
        assert list((world.services.settings.data_dir / "workspaces").iterdir()) == []
