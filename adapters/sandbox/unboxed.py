"""No box at all: the same protocol on the bare host, for those who name it, and to test the probe.

The environment is still clean, time and output are still bounded, and a command's process group is killed
with it; a process that leaves its group lives on. Mounts are not shown at their targets, and there is no
gateway: the host's network is open.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adapters.sandbox import probe
from adapters.sandbox.execution import Execution, NotACommand
from core import boxes
from core.boxes import Box, Command, CommandResult, Gateway, Limits, Mount, ProbeReport
from core.errors import BoxUnavailable


class Unboxed:
    backend = "none"

    def open(
        self,
        tree: Path,
        *,
        mounts: Sequence[Mount] = (),
        network: Gateway | None = None,
        limits: Limits | None = None,
    ) -> Box:
        return UnboxedBox(tree.resolve(strict=True), tuple(mounts))

    async def probe(self, *, quick: bool = False) -> ProbeReport:
        return await probe.probe(self, quick=quick)


class UnboxedBox:
    def __init__(self, tree: Path, mounts: tuple[Mount, ...]) -> None:
        self._tree = tree
        layers = [mount.source for mount in mounts if mount.target == boxes.DEPENDENCIES]
        self._path = boxes.PATH.replace(boxes.DEPENDENCIES, str(layers[0])) if layers else boxes.PATH
        self._running: dict[Execution, asyncio.Future[None]] = {}
        self._killed = False

    async def run(self, command: Command) -> CommandResult:
        if self._killed:
            raise BoxUnavailable("This box was killed and runs nothing more.")
        with tempfile.TemporaryDirectory(prefix="pullwright-home-") as home:
            env = {"PATH": self._path, "HOME": home, "LANG": "C.UTF-8", "TMPDIR": home, **command.env}
            try:
                execution = Execution(command.argv, command, env=env, cwd=self._tree / command.cwd)
            except NotACommand as refused:
                return refused.result
            except OSError as error:
                return CommandResult(127, f"{command.argv[0]}: {error.strerror}\n".encode())

            async def kill() -> None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(execution.process.pid, signal.SIGKILL)

            self._running[execution] = asyncio.get_running_loop().create_future()
            try:
                return await execution.result(kill=kill)
            finally:
                self._running.pop(execution).set_result(None)

    async def kill(self) -> None:
        self._killed = True
        for execution in self._running:
            execution.end("The box was killed.")
        await asyncio.gather(*self._running.values())
