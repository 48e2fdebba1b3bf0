"""One child process: started again when it ends, told to stop, and gone when `stop()` returns."""

import asyncio
import os
import signal
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from adapters.lineage import PARENT
from core.errors import ConfigurationError

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""A child that lived so long starts again after the first pause."""
MISCONFIGURED = 2
"""The exit code that no restart mends."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Child:
    """What to run: a subcommand of our own console script."""

    name: str
    arguments: tuple[str, ...]


def console_script() -> str:
    """The path of `pullwright` as installed beside this interpreter. Never `python -m`: that looks in the folder."""
    ours = Path(sys.argv[0])
    script = ours if ours.name == "pullwright" and ours.is_file() else Path(sysconfig.get_path("scripts"), "pullwright")
    if not script.is_file():
        raise ConfigurationError(f"The console script {script} is missing: install the package into this environment.")
    return str(script.absolute())


class Keeper:
    """Keeps one child running. Start children from the main thread: the kernel watches the thread that did."""

    def __init__(self, child: Child, environ: Mapping[str, str], output: BinaryIO | None = None) -> None:
        self.child = child
        self._environ = {**environ, PARENT: str(os.getpid())}
        self._output = output
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._task = asyncio.create_task(self._keep())

    @property
    def pid(self) -> int | None:
        """The process as it runs now; None between two."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    @property
    def over(self) -> "asyncio.Task[None]":
        """Done when the child is not started any more: told to stop, or it raises ConfigurationError."""
        return self._task

    def tell(self) -> None:
        """Ask the child to stop, and start it no more."""
        self._stopping.set()
        self._signal(signal.SIGTERM)

    async def stop(self, seconds: float) -> None:
        """Return when the child is gone: asked at first, killed when the seconds are over."""
        self.tell()
        done, _ = await asyncio.wait([self._task], timeout=max(seconds, 0))
        if not done:
            log.warning("up.child_killed", child=self.child.name, why=f"still there after {seconds:.1f} seconds")
            self._signal(signal.SIGKILL)
            await asyncio.wait([self._task])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            began = loop.time()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            if code == MISCONFIGURED:
                raise ConfigurationError(f"{self.child.name} cannot start with these settings; see its message above.")
            if loop.time() - began >= HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning("up.child_ended", child=self.child.name, code=code, again_in_seconds=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _run_once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            console_script(),
            *self.child.arguments,
            env=self._environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,  # Ctrl-C is for the parent, who tells its children in the right order
        )
        if self._stopping.is_set():  # told while the child was being started
            self._signal(signal.SIGTERM)
        return await self._process.wait()
