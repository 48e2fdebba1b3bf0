"""Whether a box keeps in what it must, found by trying to get out, never by asking for a version."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.sandbox.layout import python
from core.boxes import Boxes, Command, CommandResult, Limits, ProbeLine, ProbeReport
from core.errors import BotError

_MIB = 2**20
_SMALL = Limits(
    memory_bytes=96 * _MIB,
    processes=16,
    file_bytes=4 * _MIB,
    disk_bytes=8 * _MIB,
    temporary_bytes=16 * _MIB,
    cpu_seconds=20,
)


async def probe(boxes: Boxes, *, quick: bool) -> ProbeReport:
    """One line for each thing that was tried; the quick ones first, all of them in some three seconds."""
    lines: list[ProbeLine] = []
    try:
        with tempfile.TemporaryDirectory(prefix="pullwright-probe-") as folder:
            trial = _Trial(boxes, Path(folder))
            lines += await trial.escape()
            if not quick:
                lines += [line async for line in trial.limits()]
    except BotError as error:
        lines.append(ProbeLine("start", False, str(error)))
    return ProbeReport(boxes.backend, tuple(lines))


class _Trial:
    def __init__(self, boxes: Boxes, folder: Path) -> None:
        self._boxes = boxes
        self._tree = folder / "tree"
        self._tree.mkdir()
        self._secret = folder / "secret"
        self._secret.write_text("secret")
        self._code = Path(__file__).with_name("attempts.py").read_text()

    async def escape(self) -> list[ProbeLine]:
        with _host_listener() as port:
            result = await self._try("escape", str(port), str(self._secret), str(self._tree))
        if not result.ok:
            return [ProbeLine("start", False, f"The attempts could not be made: {result.text.strip()[-300:]}")]
        seen: dict[str, Any] = json.loads(result.output)
        status = seen["status"]
        return [
            _none(
                "network",
                seen["connected"],
                "Reached {}.",
                "Neither the host's loopback nor any other network was reached.",
            ),
            _none("environment", seen["environment"], "Saw {}.", "Nothing of the host's environment was seen."),
            _none("host files", seen["readable"], "Could read {}.", "No file of the host could be read."),
            _none(
                "system", seen["writable"], "Could write to {}.", "Nothing but the tree and /tmp could be written to."
            ),
            _line(
                "tree",
                seen["tree"],
                "The tree and the home folder can be written to.",
                "The tree cannot be written to.",
            ),
            _line(
                "processes",
                seen["processes"] <= 6,
                f"{seen['processes']} processes were seen, all of the box.",
                f"{seen['processes']} processes were seen: the host's.",
            ),
            _line(
                "privileges",
                status["NoNewPrivs"] == "1" and int(status["CapEff"], 16) == 0,
                "No capability is held and none can be gained.",
                f"Capabilities {status['CapEff']}, no_new_privs {status['NoNewPrivs']}.",
            ),
            _line(
                "system calls",
                status["Seccomp"] == "2" and not seen["namespaces"],
                "Calls are filtered; no further namespace could be made.",
                f"Seccomp mode {status['Seccomp']}; user namespaces can be made: {seen['namespaces']}.",
            ),
        ]

    async def limits(self) -> AsyncIterator[ProbeLine]:
        forked = _seen(await self._try("fork", "40"), "forked")
        yield _line(
            "process limit",
            forked is not None and forked < _SMALL.processes,
            f"{forked} of 40 processes could be started under a limit of {_SMALL.processes}.",
            f"All of {forked} processes could be started under a limit of {_SMALL.processes}.",
        )
        for name, size, count in (("memory limit", 200, 1), ("memory of all", 60, 4)):
            result = await self._try("remember", str(size), str(count))
            held = _seen(result, "held")
            yield _line(
                name,
                held is None or held < count,
                f"{count} × {size} MiB could not be held under a limit of 96 MiB.",
                f"{count} × {size} MiB could be held under a limit of 96 MiB.",
            )
        large = await self._try("one_file", "6")
        yield _line(
            "file limit",
            not large.ok,
            "A file of 6 MiB was refused under a limit of 4 MiB.",
            "A file of 6 MiB was written.",
        )
        self._empty()
        filled = await self._try("fill", "12")
        yield _line(
            "disk limit", filled.why is not None, filled.why or "", "12 MiB were written under a limit of 8 MiB."
        )
        self._empty()
        yield await self._output()
        yield await self._time()

    async def _output(self) -> ProbeLine:
        result = await self._boxes.open(self._tree, limits=_SMALL).run(
            Command(("yes",), timeout_seconds=5, output_limit_bytes=10_000)
        )
        ok = result.truncated and len(result.output) < 11_000 and not result.timed_out
        return _line(
            "output limit", ok, result.why or "", f"{len(result.output):,} bytes were kept of an endless output."
        )

    async def _time(self) -> ProbeLine:
        mark = uuid.uuid4().hex
        script = f"setsid sh -c 'sleep 30; : {mark}' & sleep 30"
        result = await self._boxes.open(self._tree, limits=_SMALL).run(
            Command(("sh", "-c", script), timeout_seconds=0.3)
        )
        left = list(_alive(mark))
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return _line(
            "time limit",
            result.timed_out and not left,
            "Everything was killed when the time was over.",
            f"{len(left)} processes outlived their command." if left else "The command was not ended.",
        )

    async def _try(self, attempt: str, *arguments: str) -> CommandResult:
        box = self._boxes.open(self._tree, limits=replace(_SMALL, processes=64) if attempt == "escape" else _SMALL)
        return await box.run(Command((python(), "-I", "-S", "-c", self._code, attempt, *arguments), timeout_seconds=15))

    def _empty(self) -> None:
        for file in self._tree.iterdir():
            file.unlink()


@contextmanager
def _host_listener() -> Iterator[int]:
    """A port of the host's loopback, and an abstract socket of that number, which a box must not reach."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        port = int(server.getsockname()[1])
        abstract.bind(f"\0pullwright-probe-{port}")
        abstract.listen()
        yield port


def _alive(mark: str) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if mark.encode() in (folder / "cmdline").read_bytes():
                    yield int(folder.name)


def _seen(result: CommandResult, key: str) -> int | None:
    """The attempt's number, or None where it was ended before it could tell."""
    return int(json.loads(result.output)[key]) if result.ok else None


def _line(name: str, ok: bool, kept: str, escaped: str) -> ProbeLine:
    return ProbeLine(name, ok, kept if ok else escaped)


def _none(name: str, found: list[str], escaped: str, kept: str) -> ProbeLine:
    return _line(name, not found, kept, escaped.format(", ".join(found)))
