"""The worker runs our two functions and no other, tells them to stop, and outlives none of its children."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from adapters.doorbell import RedisDoorbell
from adapters.settings import Settings, load
from bot.up.children import Child, Keeper
from jobs.worker import BellJob, JobRefused

from .waiting import eventually

SCRIPT = """
import os, pathlib, signal, sys, time
import jobs.tasks, jobs.worker
from adapters import logs
from adapters.settings import load

marks = pathlib.Path(os.environ["MARKS"])
jobs.worker.DRAIN_SECONDS = 1.0

def parks():
    def told(*_):
        (marks / "told").touch()
        os._exit(0)
    signal.signal(signal.SIGTERM, told)
    (marks / "horse").write_text(str(os.getpid()))
    time.sleep(60)

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (marks / "horse").write_text(str(os.getpid()))
    time.sleep(60)

jobs.tasks.intake = globals()[sys.argv[1]]
logs.configure(process="worker")
sys.exit(jobs.worker.work(load(os.environ), "intake"))
"""


@pytest.fixture
async def settings(environ, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings whose Redis runs."""
    settings = load({name: value for name, value in environ.items() if name.startswith("PULLWRIGHT_")})
    keeper = Keeper(Child("redis", ("redis",)), environ)
    bell = RedisDoorbell(settings.doorbell_url)
    await eventually(bell.ping)
    yield settings
    await keeper.stop(5)


class Running:
    """A worker whose job is one of the script's, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process, marks: Path) -> None:
        self.process, self.marks = process, marks

    async def horse(self) -> int:
        async def written() -> str:
            file = self.marks / "horse"
            return file.read_text() if file.exists() else ""

        return int(await eventually(written))

    async def said(self) -> list[dict[str, object]]:
        """Every line of its log, once it has ended."""
        assert self.process.stderr is not None
        lines = (await self.process.stderr.read()).splitlines()
        return [json.loads(line) for line in lines if line.startswith(b"{")]


async def _start(job: str, environ, tmp_path: Path) -> Running:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, job, env={**environ, "MARKS": str(tmp_path)}, stderr=asyncio.subprocess.PIPE
    )
    return Running(process, tmp_path)


async def test_the_running_job_is_told_to_stop_and_the_worker_ends_with_0(settings, environ, tmp_path):
    await RedisDoorbell(settings.doorbell_url).ring_intake()
    running = await _start("parks", environ, tmp_path)
    await running.horse()
    running.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(running.process.wait(), 10) == 0
    assert (tmp_path / "told").exists()


async def test_a_job_that_does_not_park_is_ended_in_time_and_its_death_is_told(settings, environ, tmp_path):
    await RedisDoorbell(settings.doorbell_url).ring_intake()
    running = await _start("stubborn", environ, tmp_path)
    horse = await running.horse()
    running.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(running.process.wait(), 10) == 0
    (death,) = [line for line in await running.said() if line["event"] == "worker.horse_died"]
    assert (death["horse"], death["ended"], death["level"]) == (horse, "signal 9", "info")


async def test_a_job_that_is_killed_is_told_loudly_and_the_worker_goes_on(settings, environ, tmp_path):
    bell = RedisDoorbell(settings.doorbell_url)
    await bell.ring_intake()
    running = await _start("stubborn", environ, tmp_path)
    horse = await running.horse()
    (tmp_path / "horse").unlink()
    os.kill(horse, signal.SIGKILL)
    await bell.ring_intake()
    assert await running.horse() != horse
    running.process.send_signal(signal.SIGTERM)
    await running.process.wait()
    died = [line for line in await running.said() if line["event"] == "worker.horse_died"]
    assert (died[0]["horse"], died[0]["level"]) == (horse, "error")


async def test_a_killed_worker_takes_its_job_with_it(settings, environ, tmp_path):
    await RedisDoorbell(settings.doorbell_url).ring_intake()
    running = await _start("stubborn", environ, tmp_path)
    horse = await running.horse()
    running.process.kill()
    await running.process.wait()

    async def gone() -> bool:
        return not Path(f"/proc/{horse}/cmdline").exists() or not Path(f"/proc/{horse}/cmdline").read_bytes()

    assert await eventually(gone, seconds=5)


async def test_an_idle_worker_ends_at_once_and_without_redis_too(settings, environ, tmp_path):
    away = {**environ, "PULLWRIGHT_REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
    running = await _start("parks", away, tmp_path)
    assert running.process.stderr is not None
    while b"worker.redis_unreachable" not in (line := await running.process.stderr.readline()):
        pass
    assert json.loads(line)["remedy"] == (
        "Start Redis at PULLWRIGHT_REDIS_URL, or run `pullwright up` instead: it brings its own, and the workers."
    )
    running.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(running.process.wait(), 5) == 0


async def test_a_job_that_names_anything_else_is_refused_and_never_run(settings, environ, tmp_path):
    redis = Redis.from_url(settings.doorbell_url)
    queue = Queue("intake", connection=redis, serializer=JSONSerializer)
    job = queue.enqueue_call("pathlib.Path.touch", args=[str(tmp_path / "touched")], failure_ttl=60)
    running = await _start("parks", environ, tmp_path)

    async def failed() -> bool:
        return job.is_failed

    await eventually(failed)
    running.process.send_signal(signal.SIGTERM)
    assert await running.process.wait() == 0
    assert not (tmp_path / "touched").exists()
    (line,) = [line for line in await running.said() if line["event"] == "worker.job_failed"]
    assert f"job {job.id} names 'pathlib.Path.touch', which is not ours" in str(line["exception"])
    redis.close()


@pytest.mark.parametrize(
    ("name", "arguments", "extra"),
    [
        ("os.system", ["true"], {}),
        ("jobs.tasks.intake", ["abc"], {}),
        ("jobs.tasks.look", [], {}),
        ("jobs.tasks.look", ["../../etc"], {}),
        ("jobs.tasks.look", [["abc"]], {}),
        ("jobs.tasks.look", ["abc"], {"a": 1}),
        ("jobs.tasks.asyncio.run", ["abc"], {}),
    ],
)
def test_only_the_two_functions_with_their_ids_are_jobs(name, arguments, extra):
    job = BellJob.create(name, args=arguments, kwargs=extra, connection=Redis(), serializer=JSONSerializer)
    with pytest.raises(JobRefused):
        _ = job.func


def test_callbacks_and_webhooks_of_a_forged_job_are_ignored():
    job = BellJob(id="x", connection=Redis(), serializer=JSONSerializer)
    job.restore(
        {
            b"data": JSONSerializer.dumps(["jobs.tasks.intake", None, [], {}]),
            b"success_callback_name": b"os.system",
            b"failure_callback_name": b"os.system",
            b"webhooks": b'[{"url": "http://127.0.0.1:1/", "statuses": ["finished"]}]',
            b"retries_left": b"5",
        }
    )
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)
    assert job.webhooks == []
    assert not job.should_retry
