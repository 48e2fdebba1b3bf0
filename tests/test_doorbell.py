"""Bells are RQ jobs that carry ids only; a Redis that is away or was flushed costs nothing but time."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from adapters.doorbell import RedisDoorbell
from adapters.settings import load
from bot.up.children import Child, Keeper
from core.names import RunId


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    """The embedded Redis, as `pullwright up` starts it."""
    environ = {**os.environ, "PULLWRIGHT_DATA_DIR": str(tmp_path)}
    redis = Redis.from_url(load({"PULLWRIGHT_DATA_DIR": str(tmp_path)}).doorbell_url)
    keeper = Keeper(Child("redis", ("redis",)), environ)
    async with asyncio.timeout(20):
        while not (tmp_path / "run" / "redis.sock").exists():  # noqa: ASYNC110  # files have no events
            await asyncio.sleep(0.02)
    yield redis
    redis.close()
    await keeper.stop(5)


@pytest.fixture
def bell(tmp_path: Path, redis: Redis) -> RedisDoorbell:
    return RedisDoorbell(f"unix://{tmp_path}/run/redis.sock")


def jobs(redis: Redis, queue: str) -> list[tuple[str, str, list[str]]]:
    waiting = Queue(queue, connection=redis, serializer=JSONSerializer).jobs
    return [(job.id, job.func_name or "", list(job.args)) for job in waiting]


async def test_a_bell_for_a_run_carries_its_id_and_nothing_else(bell, redis):
    assert await bell.ring_run(RunId("abcdefghijkl"), 3)
    assert jobs(redis, "runs") == [("run-abcdefghijkl-3", "jobs.tasks.look", ["abcdefghijkl"])]
    (job,) = Queue("runs", connection=redis, serializer=JSONSerializer).jobs
    assert (job.timeout, job.ttl, job.result_ttl, job.failure_ttl) == (-1, 3600, 0, 86_400)
    assert (job.retries_left, job.dependency_ids, job.meta) == (None, [], {})


async def test_two_bells_for_a_run_are_two_jobs(bell, redis):
    await bell.ring_run(RunId("abcdefghijkl"), 1)
    await bell.ring_run(RunId("abcdefghijkl"), 2)
    assert [job_id for job_id, _, _ in jobs(redis, "runs")] == ["run-abcdefghijkl-1", "run-abcdefghijkl-2"]


async def test_one_waiting_intake_job_is_enough_for_everybody(bell, redis):
    assert all(await asyncio.gather(*(bell.ring_intake() for _ in range(50))))
    assert [(name, arguments) for _, name, arguments in jobs(redis, "intake")] == [("jobs.tasks.intake", [])]


async def test_an_intake_job_that_was_taken_is_followed_by_a_new_one(bell, redis):
    await bell.ring_intake()
    first = redis.lpop("rq:queue:intake")
    await bell.ring_intake()
    (second,) = redis.lrange("rq:queue:intake", 0, -1)
    assert first != second


async def test_after_a_flush_the_next_bell_is_heard(bell, redis):
    await bell.ring_intake()
    redis.flushall()
    assert await bell.ring_intake()
    assert len(jobs(redis, "intake")) == 1


async def test_bells_for_runs_count_until_somebody_hears_them_or_redis_forgets_them(bell, redis):
    await bell.ring_intake()
    assert await bell.unheard() == 0
    await bell.ring_run(RunId("abcdefghijkl"), 1)
    await bell.ring_run(RunId("abcdefghijkl"), 2)
    assert await bell.unheard() == 2
    redis.lpop("rq:queue:runs")
    assert await bell.unheard() == 1
    redis.flushall()
    assert await bell.unheard() == 0


async def test_a_redis_that_is_away_is_told_and_not_raised(tmp_path):
    bell = RedisDoorbell(f"unix://{tmp_path}/nobody.sock")
    assert not await bell.ring_intake()
    assert not await bell.ring_run(RunId("abcdefghijkl"), 1)
    assert not await bell.ping()
    assert await bell.waiting() is None
    assert await bell.unheard() is None


async def test_the_embedded_redis_has_no_port_and_a_socket_of_its_owner_alone(redis, tmp_path):
    assert redis.config_get("port") == {"port": "0"}
    assert redis.config_get("save") == {"save": ""}
    assert (tmp_path / "run" / "redis.sock").stat().st_mode & 0o077 == 0
    assert (tmp_path / "run").stat().st_mode & 0o077 == 0
