"""The bubblewrap backend: Linux namespaces, a system call filter and limits, with one small program.

Each command gets a fresh box (some 20 ms); what lasts is the tree and the writable mounts.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import shutil
import signal
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from adapters.sandbox import certificates, disk, memory, probe, relay
from adapters.sandbox.cgroups import BOX_PROCESSES, ControlGroup, control_group
from adapters.sandbox.execution import Execution, NotACommand, memory_file, readable
from adapters.sandbox.launch import launch
from adapters.sandbox.layout import (
    ETC,
    RUNTIME,
    Layout,
    bubblewrap_arguments,
    checked,
    environment,
    foreign_python,
    python,
)
from adapters.sandbox.ownership import give
from adapters.sandbox.seccomp import seccomp_filter
from core.boxes import Box, Command, CommandResult, Gateway, Limits, Mount, ProbeReport
from core.errors import BoxUnavailable, ConfigurationError

MISSING = "bubblewrap is not installed: apt-get install -y bubblewrap."
FORBIDDEN = (
    "User namespaces are forbidden here: sysctl -w kernel.unprivileged_userns_clone=1 (Debian), "
    "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), or user.max_user_namespaces=15000."
)
_RELAY = f"{RUNTIME}/relay.py"
_PRLIMIT, _ENV = "/usr/bin/prlimit", "/usr/bin/env"
"""By their places: on the path of a box stands first what a setup left, which is not to bound itself."""
_START_SECONDS = 5
_NO_SUCH_FOLDER = b"bwrap: Can't chdir to "
HOST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Bubblewrap:
    """Boxes made with bwrap 0.8 or newer. `mounts` are shown in all of them."""

    backend = "bubblewrap"

    def __init__(self, mounts: Sequence[Mount] = ()) -> None:
        self._mounts = tuple(mounts)

    def open(
        self,
        tree: Path,
        *,
        mounts: Sequence[Mount] = (),
        network: Gateway | None = None,
        limits: Limits | None = None,
    ) -> Box:
        shown = checked((*self._mounts, *mounts))
        return BubblewrapBox(tree.resolve(strict=True), shown, network, limits or Limits())

    async def probe(self, *, quick: bool = False) -> ProbeReport:
        return await probe.probe(self, quick=quick)


class BubblewrapBox:
    def __init__(self, tree: Path, mounts: tuple[Mount, ...], network: Gateway | None, limits: Limits) -> None:
        self._tree = tree
        self._limits = limits
        self._network = network
        self._own = mounts
        self._files = dict(ETC)
        self._env: dict[str, str] = {}
        if network:
            mounts += (Mount(network.socket.resolve(), relay.GATEWAY, writable=True),)
            files, self._env = _to_gateway()
            self._files |= files
        if foreign := foreign_python():
            mounts += (foreign,)
        self._mounts = mounts
        self._given = os.geteuid() != 0
        self._giving = asyncio.Lock()
        self._running: dict[Execution, asyncio.Future[None]] = {}
        self._killed = False

    async def run(self, command: Command) -> CommandResult:
        async with self._giving:
            if not self._given:
                await asyncio.to_thread(self._give)
                self._given = True
        if self._killed:
            raise BoxUnavailable("This box was killed and runs nothing more.")
        group = control_group(self._limits)
        try:
            return await self._run(command, group)
        except NotACommand as refused:
            return refused.result
        finally:
            if group:
                group.remove()

    async def kill(self) -> None:
        self._killed = True
        for execution in self._running:
            execution.end("The box was killed.")
        await asyncio.gather(*self._running.values())

    async def _run(self, command: Command, group: ControlGroup | None) -> CommandResult:
        with self._start(command, group) as (execution, first):
            self._running[execution] = asyncio.get_running_loop().create_future()
            try:
                result = await execution.result(kill=first.kill, watches=self._watches(execution, group))
            finally:
                self._running.pop(execution).set_result(None)
            if not result.why and not first.finished() and not result.output.startswith(_NO_SUCH_FOLDER):
                raise BoxUnavailable(_why_no_box(result.output))
        if group and not result.ok and not result.why and (why := group.why(self._limits)):
            return _with_reason(result, why)
        return result

    @contextmanager
    def _start(self, command: Command, group: ControlGroup | None) -> Iterator[tuple[Execution, First]]:
        """The started box; every descriptor of ours is closed when it is over."""
        program = shutil.which("bwrap", path=HOST_PATH)
        if program is None:
            raise BoxUnavailable(MISSING)
        with ExitStack() as opened:
            descriptors = {path: opened.enter_context(memory_file(text)) for path, text in self._files.items()}
            seccomp = opened.enter_context(memory_file(seccomp_filter(memory_counted=group is not None)))
            read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            opened.callback(os.close, read)
            until_started = opened.enter_context(ExitStack())
            until_started.callback(os.close, write)
            env = environment({**self._env, **command.env})
            way = launch(self._tree, self._mounts, group.folders if group else ())
            layout = Layout(
                tree=way.tree,
                mounts=way.mounts,
                limits=self._limits,
                descriptors=descriptors,
                seccomp=seccomp,
                status=write,
                cwd=_inside(command.cwd),
                env={name: value for name, value in env.items() if not _of_the_loader(name)},
            )
            # By descriptor, since every user of the machine may read what stands on a command line.
            arguments = opened.enter_context(memory_file(_separated(bubblewrap_arguments(layout))))
            execution = Execution(
                [*way.before, program, "--args", str(arguments), "--", *self._inner(group, env), *command.argv],
                command,
                env={"PATH": HOST_PATH},
                cwd=Path("/"),
                pass_fds=(*descriptors.values(), seccomp, write, arguments),
            )
            until_started.close()
            first = First(read, execution.process.pid, group)
            opened.callback(first.close)
            yield execution, first

    def _inner(self, group: ControlGroup | None, env: Mapping[str, str]) -> list[str]:
        """What stands before the command inside the box: the limits, and the way to the gateway.

        A control group has to refuse a process before the resource limit does: only it can tell that it did. What
        the loader reads is there for the command alone: it would run code before there are any limits.
        """
        limits = self._limits
        bounds = {
            "nproc": limits.processes + (BOX_PROCESSES if group else 0),
            "nofile": limits.open_files,
            "fsize": limits.file_bytes,
            "cpu": limits.cpu_seconds,
            "data": limits.memory_bytes,
            "core": 0,
        }
        relay = [python(), "-I", "-S", _RELAY] if self._network else []
        loaded = [f"{name}={value}" for name, value in env.items() if _of_the_loader(name)]
        limited = [_PRLIMIT, *(f"--{name}={bound}:{bound}" for name, bound in bounds.items()), "--"]
        return [*relay, *limited, *([_ENV, *loaded] if loaded else [])]

    def _watches(self, execution: Execution, group: ControlGroup | None) -> list[Coroutine[Any, Any, str]]:
        watches = [disk.full(self._writable(), self._limits.disk_bytes)]
        if group is None:
            watches.append(memory.exceeded(execution.process.pid, self._limits.memory_bytes))
        return watches

    def _writable(self) -> tuple[Path, ...]:
        return (self._tree, *(mount.source for mount in self._own if mount.writable))

    def _give(self) -> None:
        for folder in self._writable():
            give(folder)


class First:
    """The first process of a box's namespace: when it is dead, so is every other one in there."""

    def __init__(self, status: int, parent: int, group: ControlGroup | None) -> None:
        self._status = status
        self._parent = parent
        self._group = group
        self._text = b""
        self._pidfd: int | None = None

    async def kill(self) -> None:
        """Returns when no process of the box is alive."""
        # Killed between making its namespace and telling its pid, bubblewrap would leave a child that waits for
        # it: what takes some milliseconds is better awaited. The pipe also ends with bubblewrap.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                while not self._told():
                    await readable(self._status)
        self._find()
        if self._pidfd is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._parent, signal.SIGKILL)
            if self._group:
                self._group.kill()
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        await readable(self._pidfd)

    def finished(self) -> bool:
        """Whether the command itself was started and ended, as bubblewrap tells."""
        self._told()
        return b'"exit-code"' in self._text

    def close(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)

    def _find(self) -> None:
        line, complete, _ = self._text.partition(b"\n")
        if not complete or self._pidfd is not None:
            return
        with contextlib.suppress(OSError):
            self._pidfd = os.pidfd_open(int(json.loads(line)["child-pid"]))

    def _told(self) -> bool:
        """Whether the first line, which names the process, is here, or bubblewrap is gone without it."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._status, 4096):
                self._text += chunk
            return True
        return b"\n" in self._text


def _to_gateway() -> tuple[dict[str, bytes], dict[str, str]]:
    """The files and variables by which programs in a box find the gateway and trust what is behind it."""
    files, env = certificates.trusted()
    address = f"http://{relay.ADDRESS[0]}:{relay.ADDRESS[1]}"
    env |= dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), address)
    env |= dict.fromkeys(("ALL_PROXY", "all_proxy"), address)
    env |= dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1")
    return {**files, _RELAY: Path(relay.__file__).read_bytes()}, env


def _separated(arguments: Sequence[str]) -> bytes:
    """For `--args`, where a NUL ends an argument: one inside of a value would begin an option of its own."""
    if any("\0" in argument for argument in arguments):
        raise NotACommand("embedded null byte")
    return b"".join(os.fsencode(argument) + b"\0" for argument in arguments)


def _of_the_loader(name: str) -> bool:
    """Whether ld.so goes by this variable, in every program that starts (ld.so(8))."""
    return name.startswith("LD_") or name == "GLIBC_TUNABLES"


def _inside(cwd: str) -> str:
    path = PurePosixPath(cwd)
    if path.is_absolute() or ".." in path.parts:
        raise ConfigurationError(f"A command's folder is relative to the tree, not {cwd!r}.")
    return str(path)


def _with_reason(result: CommandResult, why: str) -> CommandResult:
    return dataclasses.replace(result, why=why)


def _why_no_box(output: bytes) -> str:
    said = output.decode("utf-8", "replace").strip()[-500:]
    if "namespace" in said or "uid map" in said:
        return f"{FORBIDDEN} ({said})"
    return f"The box did not start: {said or 'bwrap said nothing'}."
