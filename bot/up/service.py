"""Start the parts in order, wait until they are ready, and stop them in order within ten seconds."""

import asyncio
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

import structlog

from adapters.doorbell import INTAKE_QUEUE, RUNS_QUEUE
from adapters.settings import Settings, load
from bot.up.children import Child, Keeper, console_script
from bot.up.embedded_redis import server_binary
from bot.up.sandbox import check_sandbox
from core.errors import BotError, ConfigurationError

READY_SECONDS = 60.0
GOODBYE_SECONDS = 9.0
"""For everything but Redis, which goes last and at once: ten seconds in all."""
REDIS_GOODBYE_SECONDS = 0.8
_LOOK_EVERY_SECONDS = 0.05

log = structlog.get_logger()


class NotReady(BotError):
    """The service did not come up in time."""

    code = "not-ready"

    def remedy(self) -> str:
        return "Read the lines of the web process above; `pullwright doctor` names what is missing."


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    url: str
    settings: Settings
    children: tuple[Keeper, ...]

    @property
    def pids(self) -> dict[str, int]:
        """The children that run now, by name."""
        return {keeper.child.name: keeper.pid for keeper in self.children if keeper.pid is not None}

    async def broken(self) -> None:
        """Wait until a child cannot be started any more, and raise its ConfigurationError."""
        done, _ = await asyncio.wait([k.over for k in self.children], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


@asynccontextmanager
async def supervise(
    environ: Mapping[str, str], *, workers: int = 2, output: BinaryIO | None = None
) -> AsyncIterator[Service]:
    """Web, workers, clock and, where no other is named, Redis: ready at the start of the block, gone at its end.

    `environ` is the whole environment of the children; nothing is passed to them in another way. `output` takes what
    they print, instead of this process's stdout and stderr. Call it on the main thread. Where this process is killed,
    the kernel kills the children.
    """
    settings = load(environ)
    console_script()
    await check_sandbox(settings)
    _make_folders(settings)
    port = settings.port or _free_port(settings.host)
    environ = {**environ, "PULLWRIGHT_PORT": str(port)}
    with _alone(settings):
        redis = [Keeper(_REDIS, environ, output)] if _embeds_redis(settings) else []
        rest: list[Keeper] = []
        try:
            rest += [Keeper(child, environ, output) for child in _parts(workers)]
            service = Service(_url(settings.host, port), settings, (*rest, *redis))
            await _ready(service)
            yield service
        finally:
            await _stop(rest, redis)


_REDIS = Child("redis", ("redis",))


def _parts(workers: int) -> list[Child]:
    runs = [Child(f"worker runs {number}", ("worker", "--queue", RUNS_QUEUE)) for number in range(1, workers + 1)]
    return [
        Child("web", ("web",)),
        Child("clock", ("clock",)),
        Child("worker intake", ("worker", "--queue", INTAKE_QUEUE)),
        *runs,
    ]


def _embeds_redis(settings: Settings) -> bool:
    if settings.redis_url is not None:
        return False
    server_binary()
    return True


def _make_folders(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.run_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"PULLWRIGHT_DATA_DIR: cannot make {error.filename}: {error.strerror}. Choose a folder that is yours."
        ) from error


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the folder: two services in one would take each other's sockets."""
    lock = os.open(settings.run_dir / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(f"Another `pullwright up` already runs in {settings.data_dir}.") from error
        yield
    finally:
        os.close(lock)


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _url(host: str, port: int) -> str:
    """Where this machine reaches it; an address that means "all" is reached by loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _ready(service: Service) -> None:
    """Return when the web process says it can store deliveries. Raises what keeps a child from starting."""
    broken = asyncio.create_task(service.broken())
    ready = asyncio.create_task(_answers(service.url))
    try:
        done, _ = await asyncio.wait([broken, ready], timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise NotReady(f"{service.url}/readyz did not answer with 200 within {READY_SECONDS:.0f} seconds.")
        for task in done:
            task.result()
    finally:
        for task in (broken, ready):
            task.cancel()
        await asyncio.gather(broken, ready, return_exceptions=True)


async def _answers(url: str) -> None:
    host, _, port = url.removeprefix("http://").rpartition(":")
    while True:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(5):
                if await _status(host.strip("[]"), int(port), "/readyz") == b"200":
                    return
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _status(host: str, port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readuntil(b"\r\n")
        return line.split(b" ")[1]
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _stop(rest: list[Keeper], redis: list[Keeper]) -> None:
    """Redis goes last: the workers say goodbye to it."""
    await asyncio.gather(*(keeper.stop(GOODBYE_SECONDS) for keeper in rest))
    await asyncio.gather(*(keeper.stop(REDIS_GOODBYE_SECONDS) for keeper in redis))
    for keeper in (*rest, *redis):
        keeper.over.exception()  # a child that could not start was told already
