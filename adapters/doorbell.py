"""The doorbell on RQ: a job says "look", and carries ids only.

Redis may be down, flushed or slow at any time: then a bell answers False, and the clock finds what waits. None of RQ's
own promises (unique, Retry, depends_on, results) is used: on 2.12 they lose jobs or block their ids for ever.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from itertools import count

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from adapters.settings import Settings
from core.doorbell import Doorbell
from core.names import RunId

INTAKE_QUEUE = "intake"
RUNS_QUEUE = "runs"
INTAKE = "jobs.tasks.intake"
LOOK = "jobs.tasks.look"
"""The only two functions that a job may name."""

JOB_SECONDS = 3600
"""How long a bell waits to be heard: the clock rings again long before."""
FAILED_SECONDS = 86_400
REDIS_SECONDS = 2.0
"""How long a bell may take before it counts as not heard."""

log = structlog.get_logger()


def open_doorbell(settings: Settings) -> Doorbell:
    """The doorbell of these settings. Nothing is connected before the first bell."""
    return RedisDoorbell(settings.doorbell_url)


class RedisDoorbell:
    """Bells as RQ jobs. The blocking client runs in a thread, so that a slow Redis never holds up an event loop."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=REDIS_SECONDS,
            socket_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 1),  # one more try: after a restart of Redis the pooled connection is stale
        )
        self._intake = Queue(INTAKE_QUEUE, connection=self._redis, serializer=JSONSerializer)
        self._runs = Queue(RUNS_QUEUE, connection=self._redis, serializer=JSONSerializer)
        self._prefix = secrets.token_hex(4)
        self._numbers = count(1)
        self._ringing = asyncio.Lock()
        self._asked = 0
        self._answered = 0
        self._heard = False
        self.reachable = True
        """Whether the last bell reached Redis."""

    async def ring_intake(self) -> bool:
        """One bell at a time; whoever asks while one is under way shares the next."""
        self._asked += 1
        turn = self._asked
        async with self._ringing:
            if self._answered < turn:
                self._answered = self._asked
                self._heard = await self._reach(self._enqueue_intake)
            return self._heard

    async def ring_run(self, run_id: RunId, ring: int) -> bool:
        return await self._reach(lambda: self._enqueue(self._runs, LOOK, [run_id], f"run-{run_id}-{ring}"))

    async def ping(self) -> bool:
        """Whether Redis answers."""
        return await self._reach(self._redis.ping)

    async def unheard(self) -> int | None:
        lengths = await self.waiting()
        return None if lengths is None else lengths[RUNS_QUEUE]

    async def waiting(self) -> dict[str, int] | None:
        """How many jobs wait in each queue, or None where Redis does not answer."""
        lengths: dict[str, int] = {}

        def measure() -> None:
            lengths.update({queue.name: queue.count for queue in (self._intake, self._runs)})

        return lengths if await self._reach(measure) else None

    async def _reach(self, call: Callable[[], object]) -> bool:
        try:
            await asyncio.to_thread(call)
        except (RedisError, OSError) as error:
            if self.reachable:
                log.warning("doorbell.unreachable", why=str(error), remedy="nothing is lost: the clock looks instead")
            self.reachable = False
            return False
        if not self.reachable:
            log.info("doorbell.reachable")
        self.reachable = True
        return True

    def _enqueue_intake(self) -> None:
        """Ring, unless a job that nobody has taken yet will see what was committed before this moment anyway."""
        if self._intake.count == 0:
            self._enqueue(self._intake, INTAKE, [], f"intake-{self._prefix}-{next(self._numbers)}")

    def _enqueue(self, queue: Queue, function: str, arguments: Sequence[str], job_id: str) -> None:
        queue.enqueue_call(
            function,
            args=list(arguments),
            timeout=-1,
            ttl=JOB_SECONDS,
            result_ttl=0,
            failure_ttl=FAILED_SECONDS,
            job_id=job_id,
        )


class SilentDoorbell:
    """A doorbell without a bell that remembers who rang: for tests and for tools that start nothing.

    `heard` is what it answers.
    """

    def __init__(self, *, heard: bool = True) -> None:
        self.heard = heard
        self.intake_rings = 0
        self.run_rings: list[tuple[RunId, int]] = []

    async def ring_intake(self) -> bool:
        self.intake_rings += 1
        return self.heard

    async def ring_run(self, run_id: RunId, ring: int) -> bool:
        self.run_rings.append((run_id, ring))
        return self.heard

    async def unheard(self) -> int | None:
        return 0 if self.heard else None

    async def ping(self) -> bool:
        return self.heard
