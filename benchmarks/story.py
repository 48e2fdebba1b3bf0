"""The demo's story, played by the real service (`supervise`), with somebody watching from outside."""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Worker

from bot.demo.model import Script
from bot.demo.story import SAMPLE, Ending, Plot, play
from bot.demo.town import Town
from bot.up import Service

Watch = Callable[[Service], Awaitable[None]]


async def played(
    *,
    before: Watch | None = None,
    after: Callable[[Town, Service], None] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Ending:
    """Play it to its end. `before` is awaited when every worker listens, and before the first thing happens; `after`
    is called when the run is over and the service still there.

    Ends the process where the story fails: there is nothing to measure then.
    """
    seen: list[Ending] = []

    async def ready(service: Service) -> None:
        await _warm(service)
        if before is not None:
            await before(service)

    def kept(ending: Ending, town: Town, service: Service, _: Path) -> None:
        seen.append(ending)
        if after is not None:
            after(town, service)
        playing.cancel()

    script = Script.parse((SAMPLE / "script.yml").read_text())
    issue = (SAMPLE / "issue.md").read_text()
    plot = Plot(SAMPLE / "repository", issue, script, model_settings=settings or {}, keep=True, ready=ready)
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        playing = asyncio.create_task(play(plot, Path(folder), lambda *_: None, kept))
        with contextlib.suppress(asyncio.CancelledError):
            await playing
    if not seen or not seen[0].merged:
        raise SystemExit(f"The story failed: {seen[0].why if seen else 'it did not end'}")
    return seen[0]


async def _warm(service: Service) -> None:
    """Wait until every worker listens: a service that runs has imported everything long ago."""
    wanted = sum(keeper.child.name.startswith("worker") for keeper in service.children)
    with Redis.from_url(service.settings.doorbell_url) as redis:
        while await asyncio.to_thread(_listening, redis) < wanted:  # noqa: ASYNC110  # Redis tells nobody of a new one
            await asyncio.sleep(0.1)


def _listening(redis: Redis) -> int:
    """How many workers listen; none, while Redis itself is starting."""
    try:
        return int(Worker.count(redis))
    except RedisConnectionError:
        return 0
