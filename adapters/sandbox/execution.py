"""One command from start to end: read what it writes, end it when it must end, leave nothing alive.

Processes are waited for by file descriptor (pidfd), so that a number that the kernel gave to somebody else in
the meantime is never signalled, and so that no thread and no child watcher of the event loop is needed.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from adapters.sandbox.output import Output
from core.boxes import Command, CommandResult

_CHUNK = 1 << 16
_SEALED = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class NotACommand(Exception):
    """The kernel would not even look at it: a NUL in it, or too much of it. `result` is what it gets."""

    @property
    def result(self) -> CommandResult:
        return CommandResult(126, f"This command cannot be started: {self}.\n".encode())


class Execution:
    """A started command: `end()` asks for its end; `result()`, awaited exactly once, brings it about."""

    def __init__(
        self,
        argv: Sequence[str],
        command: Command,
        *,
        env: Mapping[str, str],
        cwd: Path,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Starts the process. Its stdin is a file in memory, so nobody waits for a command to read."""
        with ExitStack() as opened:
            stdin = opened.enter_context(memory_file(command.stdin)) if command.stdin else subprocess.DEVNULL
            read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            opened.callback(os.close, write)
            os.set_blocking(write, True)
            opened_on_failure = ExitStack()
            opened_on_failure.callback(os.close, read)
            with opened_on_failure:
                self.process = _started(argv, stdin=stdin, output=write, env=env, cwd=cwd, pass_fds=pass_fds)
                opened_on_failure.pop_all()
        self._read = read
        self._pidfd = os.pidfd_open(self.process.pid)
        self._started = time.monotonic()
        self._timeout = command.timeout_seconds
        self._output = Output(command.output_limit_bytes)
        self._timed_out = False
        self._why: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def end(self, why: str) -> None:
        """Ask for the end; the first reason stands."""
        if not self._why.done():
            self._why.set_result(why)

    async def result(
        self,
        *,
        kill: Callable[[], Awaitable[None]],
        watches: Sequence[Coroutine[Any, Any, str]] = (),
    ) -> CommandResult:
        """How it ended. `kill` must leave no process of it alive; each of `watches` returns a reason to end
        it, or never.

        Where the caller is cancelled, everything is killed first and the cancellation goes on afterwards.
        """
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._timeout, self._time_is_up)
        loop.add_reader(self._read, self._drain)
        exited = asyncio.ensure_future(readable(self._pidfd))
        watching = [asyncio.ensure_future(watch) for watch in watches]
        waiting: set[asyncio.Future[Any]] = {exited, self._why, *watching}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for watch in watching:
                if watch.done():
                    self.end(watch.result())
        finally:
            timer.cancel()
            for watch in watching:
                watch.cancel()
            await surely(self._finish(kill, exited))
        why = self._why.result() if self._why.done() else None
        return CommandResult(
            exit_code=None if why else _exit_code(self.process.returncode),
            output=self._output.bytes(),
            truncated=self._output.truncated,
            timed_out=self._timed_out,
            duration_seconds=time.monotonic() - self._started,
            why=why,
        )

    def _time_is_up(self) -> None:
        if not self._why.done():
            self._timed_out = True
            self.end(f"It took longer than {self._timeout:g} seconds and was stopped.")

    async def _finish(self, kill: Callable[[], Awaitable[None]], exited: asyncio.Future[None]) -> None:
        try:
            await kill()
            await exited
        finally:
            asyncio.get_running_loop().remove_reader(self._read)
            while self._drain():
                pass
            os.close(self._read)
            os.close(self._pidfd)
            self.process.kill()
            self.process.wait()

    def _drain(self) -> bool:
        """Whether there may be more to read now."""
        try:
            chunk = os.read(self._read, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._read)
            return False
        self._output.add(chunk)
        if self._output.flooded:
            self.end(f"It wrote {self._output.total // 2**20:,} MiB without an end and was stopped.")
        return True


async def readable(descriptor: int) -> None:
    """Returns when the descriptor can be read: a pidfd, when its process and its namespace have ended."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def arrived() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, arrived)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


async def surely(work: Coroutine[Any, Any, None]) -> None:
    """Does the work to its end; where the caller is cancelled meanwhile, the cancellation comes after."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled:
        raise cancelled


@contextmanager
def memory_file(content: bytes) -> Iterator[int]:
    """A descriptor that reads `content` and that nobody can write to; inherited only where it is named."""
    descriptor = os.memfd_create("box", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALED)
        yield descriptor
    finally:
        os.close(descriptor)


def _started(
    argv: Sequence[str],
    *,
    stdin: int,
    output: int,
    env: Mapping[str, str],
    cwd: Path,
    pass_fds: Sequence[int],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            stdin=stdin,
            stdout=output,
            stderr=output,
            env=dict(env),
            cwd=cwd,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except ValueError as error:
        raise NotACommand(str(error)) from None
    except OSError as error:
        if error.errno == errno.E2BIG:
            raise NotACommand("it is too long") from None
        raise


def _exit_code(returncode: int) -> int:
    return 128 - returncode if returncode < 0 else returncode
