"""Whatever is killed whenever, and Redis emptied: the stories end as if nothing had happened."""

import asyncio
import os
import random
import secrets
import signal
import sys
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from crash_service import Mortal, all_of, open_mortal
from redis import Redis
from redis.exceptions import RedisError
from story_account import differences

SEED = "CRASH_SEED"
"""Names the seed in the environment, to see a failure again. The moments are real, so it may take a few times."""
PAUSE_SECONDS = (0.5, 4.0)
FLUSH = "flush"


@pytest.mark.slow
async def test_twenty_kills_at_random_moments_are_not_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str | None
) -> None:
    await _survives(tmp_path, monkeypatch, database, kills=20, flushes=3, stories=4, workers=2)


async def _survives(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    database: str | None,
    *,
    kills: int,
    flushes: int,
    stories: int,
    workers: int,
) -> None:
    seed = os.environ.get(SEED) or secrets.token_hex(4)
    sys.stdout.write(f"{SEED}={seed}\n")
    async with open_mortal(folder, monkeypatch, database=database, workers=workers) as mortal:
        calm = await mortal.story("calm-story")
        await mortal.rest()
        usual = await mortal.account(calm)
        assert usual.ended == ("succeeded", "", "#2 is merged")

        killing = asyncio.create_task(_kill(mortal, random.Random(seed), kills, flushes))
        told = await all_of([partial(mortal.story, f"story-{place:02}") for place in range(stories)], stories)
        # Who was quick is told more, until everybody who had to die is dead.
        while not killing.done():
            told.append(await mortal.story(f"story-{len(told):02}"))
        killed = killing.result()
        await mortal.rest()
        assert killed.total() == kills
        wrong = {}
        for one in told:
            # Every hold on the run but the last may have ended by a death, between a reply and its record.
            died = one.run.epoch - 1
            if found := differences(await mortal.account(one), usual, asked_again=died, run_again=died):
                wrong[one.repository.name] = found
        assert wrong == {}, f"{SEED}={seed}: {dict(killed)}"


async def _kill(mortal: Mortal, chance: random.Random, kills: int, flushes: int) -> "Counter[str]":
    """Kill so many processes, and empty Redis so many times in between; how often each part died."""
    killed: Counter[str] = Counter()
    acts = ["kill"] * kills + [FLUSH] * flushes
    chance.shuffle(acts)
    for act in acts:
        await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
        if act == FLUSH:
            await asyncio.to_thread(_flush, mortal)
            continue
        while not mortal.service.pids:  # noqa: ASYNC110  # all are dead for the moment
            await asyncio.sleep(0.05)
        name = chance.choice(sorted(mortal.service.pids))
        os.kill(mortal.service.pids[name], signal.SIGKILL)
        killed[name] += 1
    return killed


def _flush(mortal: Mortal) -> None:
    redis = Redis.from_url(mortal.service.settings.doorbell_url)
    with suppress(RedisError):  # it may be dead just now, and has forgotten everything then
        redis.flushall()
    redis.close()
