"""The worker: RQ's fork worker on one queue, for our two functions only.

The parent takes bells from Redis and forks; the child (the "horse") does the job. The parent touches no database, and
imports before it forks what is slow to import. A child never outlives its parent. On SIGTERM the child is told, and
everything is gone within ten seconds.
"""

import importlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from adapters.doorbell import INTAKE, INTAKE_QUEUE, LOOK, RUNS_QUEUE
from adapters.lineage import die_with_parent
from adapters.settings import Settings
from core.errors import AppRefused, BotError, ConfigurationError

QUEUES = (INTAKE_QUEUE, RUNS_QUEUE)
MONITORING_SECONDS = 10
MAINTENANCE_SECONDS = 60
DRAIN_SECONDS = 7.5
"""How long a job may take to park after SIGTERM. RQ needs up to a second more to leave."""
LONGEST_WAIT_SECONDS = 5.0
"""Between two attempts to reach Redis."""
NO_REDIS = "Start Redis at PULLWRIGHT_REDIS_URL, or run `pullwright up` instead: it brings its own, and the workers."

_RUN_ID = re.compile(r"[a-z0-9]{1,32}")

log = structlog.get_logger()


class JobRefused(BotError):
    """A job in Redis names something else than our two functions: somebody else writes there."""

    code = "job-refused"

    def remedy(self) -> str:
        return "Find out who else may write to this Redis; use one that only Pullwright can reach."


class BellJob(Job):
    """A job that can only be one of our two functions, whatever its record in Redis says.

    RQ would import and call any name it finds there, callbacks included.
    """

    success_callback = failure_callback = stopped_callback = None
    should_retry = False

    def restore(self, raw_data: Any) -> None:
        super().restore(raw_data)
        self.webhooks = []

    @property
    def func(self) -> Callable[[], object]:
        """The call to make; raises JobRefused."""
        name, arguments = self.func_name, self.args
        if self.instance is not None or self.kwargs:
            raise JobRefused(f"job {self.id} carries more than ids")
        if name == INTAKE and not arguments:
            return _tasks().intake  # type: ignore[no-any-return]
        if name == LOOK and len(arguments) == 1 and _is_run_id(arguments[0]):
            return lambda: _tasks().look(arguments[0])
        raise JobRefused(f"job {self.id} names {name!r}, which is not ours")

    def _execute(self) -> object:
        return self.func()


def _tasks() -> Any:
    """The two functions. Imported late: with them comes all that a job needs."""
    return importlib.import_module("jobs.tasks")


def _is_run_id(value: object) -> bool:
    return isinstance(value, str) and _RUN_ID.fullmatch(value) is not None


class BellWorker(Worker):
    """RQ's worker, that tells its horse to stop, takes no Redis failure for the end of a job, and shows every death."""

    max_connection_wait_time = LONGEST_WAIT_SECONDS

    told: "Told"
    """Set by a signal that came before RQ listened to any."""

    @property
    def shutdown_requested(self) -> bool:
        return self.told.yes or self._shutdown_requested_date is not None

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        # RQ stops an idle worker by an exception out of the signal handler, which is lost where the signal comes while
        # a log line is being written. Between two looks at the queue there is always a heartbeat.
        if self.shutdown_requested and not self.is_horse and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        super().heartbeat(timeout, pipeline)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        super().fork_work_horse(job, queue)
        if self._stop_requested:  # SIGTERM came between taking the job and forking
            self.handle_warm_shutdown_request()

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        assert self.pid is not None  # noqa: S101  # the forking worker's own
        die_with_parent(self.pid)
        super().main_work_horse(job, queue)

    def handle_warm_shutdown_request(self) -> None:
        """Tell the horse alone: what it started dies with it, in its own order. Then wait no longer than is allowed."""
        if not (horse := self.horse_pid):
            return
        log.info("worker.draining", horse=horse, seconds=DRAIN_SECONDS)
        _signal(horse, signal.SIGTERM)
        deadline = threading.Timer(DRAIN_SECONDS, self._end, [horse])
        deadline.daemon = True
        deadline.start()

    def _end(self, horse: int) -> None:
        if self.horse_pid == horse:
            log.warning("worker.horse_ended", horse=horse, why=f"it did not park within {DRAIN_SECONDS} seconds")
            _signal(horse, signal.SIGKILL)

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: object) -> None:
        tell = log.info if self._stop_requested else log.error
        ended = f"signal {os.WTERMSIG(ret_val)}" if os.WIFSIGNALED(ret_val) else f"exit {os.WEXITSTATUS(ret_val)}"
        tell("worker.horse_died", job=job.id, horse=retpid, ended=ended, remedy="the clock rings again for its work")

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        log.error("worker.job_failed", job=job.id, exc_info=exc_info)

    def maintain_heartbeats(self, job: Job) -> None:
        try:
            super().maintain_heartbeats(job)
        except RedisError as error:
            # RQ would quit, and the job would die with it; the lease in the database is what counts.
            log.warning("worker.heartbeat_missed", job=job.id, why=str(error))

    def teardown(self) -> None:
        try:
            super().teardown()  # type: ignore[no-untyped-call]
        except RedisError as error:
            log.warning("worker.left_unregistered", why=str(error))


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        log.debug("worker.horse_gone", horse=pid)


def work(settings: Settings, queue: str) -> int:
    """Work on the queue until told to stop; the exit code: 0 where it was told, 1 where RQ gave up.

    Redis may be away at the start, and at any time later.
    """
    if queue not in QUEUES:
        raise ConfigurationError(f"There is no queue {queue!r}: {' or '.join(QUEUES)}.")
    told = Told()
    _preload(queue, settings)
    told.idle = False
    redis = Redis.from_url(settings.doorbell_url, socket_connect_timeout=LONGEST_WAIT_SECONDS)
    if not _reached(redis, told):
        return 0
    worker = BellWorker(
        [Queue(queue, connection=redis, serializer=JSONSerializer, job_class=BellJob)],
        connection=redis,
        job_class=BellJob,
        serializer=JSONSerializer,
        log_job_description=False,
        job_monitoring_interval=MONITORING_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
    )
    worker.told = told
    log.info("worker.started", queue=queue)
    worker.work(logging_level=None)
    log.info("worker.stopped", queue=queue, told=worker.shutdown_requested)
    return 0 if worker.shutdown_requested else 1


class Told:
    """Whether SIGTERM or SIGINT came, until RQ takes them over.

    Not a threading.Event: its lock could be held by the very thread that the signal interrupts.
    """

    def __init__(self) -> None:
        self.yes = False
        self.idle = True
        """Nothing was begun yet that must be ended: an import cannot be asked to stop, so the process just goes."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until a signal comes."""
        until = time.monotonic() + seconds
        while not self.yes and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))

    def _hear(self, *_: object) -> None:
        self.yes = True
        if self.idle:
            os._exit(0)


def _preload(queue: str, settings: Settings) -> None:
    """Import and read what jobs need, so that no fork pays for it."""
    _tasks()
    importlib.import_module("jobs.sources").preload()
    if settings.private_key is not None:
        with suppress(AppRefused):  # every job says what is wrong with it
            importlib.import_module("adapters.github.keys").read_key(settings.private_key.get_secret_value())
    if queue == RUNS_QUEUE:
        importlib.import_module("adapters.models.litellm_library").preload()


def _reached(redis: "Redis", told: Told) -> bool:
    """Wait until Redis answers; False where the signal to stop came first."""
    seconds = 0.1
    while not told.yes:
        try:
            return bool(redis.ping())
        except (RedisError, OSError) as error:
            log.warning("worker.redis_unreachable", why=str(error), again_in_seconds=seconds, remedy=NO_REDIS)
            told.pause(seconds)
            seconds = min(seconds * 2, LONGEST_WAIT_SECONDS)
    return False
