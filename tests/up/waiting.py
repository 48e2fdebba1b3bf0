"""Wait for what will be so, and not for a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], *, seconds: float = 20) -> T:
    """The first true answer; fails when there is none in time."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):  # noqa: ASYNC110  # what other processes do has no event here
            await asyncio.sleep(0.02)
    return found
