"""The box: where every command that touches a tree runs. Values and protocols only.

Inside a box the tree is `/repo` (and the working folder), a dependency layer, when given as a mount, is
`/deps`, HOME is a fresh `/tmp/home`, and the environment is PATH, HOME, LANG, TMPDIR and what the command
names, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

TREE = "/repo"
DEPENDENCIES = "/deps"
HOME = "/tmp/home"  # noqa: S108  # a path inside the box, where /tmp is its own
PATH = "/deps/venv/bin:/deps/bin:/usr/local/bin:/usr/bin:/bin"

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments; never a shell line unless `argv` itself names a shell.

    `cwd` is relative to the tree. `env` is added to the box's own environment and wins over it.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    timeout_seconds: float = 600
    output_limit_bytes: int = 1_000_000
    cwd: str = "."


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the host, shown in the box at `target`, an absolute path there."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may use. Memory, processes and disk count for all its processes together.

    `disk_bytes` is what the tree and the writable mounts may hold in all, not what they may grow by; every
    entry counts as at least 4 KiB, so that a flood of empty files is a flood too. `file_bytes` and
    `cpu_seconds` count for each process alone. `temporary_bytes` is the size of `/tmp` and of `/dev/shm`,
    which live in memory.
    """

    memory_bytes: int = 4096 * _MIB
    processes: int = 512
    open_files: int = 4096
    file_bytes: int = 2048 * _MIB
    disk_bytes: int = 8192 * _MIB
    temporary_bytes: int = 1024 * _MIB
    cpu_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended. No process of it is alive any more.

    `exit_code` is None where the box was killed by us (time, disk, output, `kill()`), and 128 + n where
    signal n ended the command. `output` is stdout and stderr as they came, raw bytes; where it was too long,
    its beginning and its end with one line between them that says how much is missing, and `truncated` is
    true. `why` is one sentence when a limit ended the command.
    """

    exit_code: int | None
    output: bytes
    truncated: bool = False
    timed_out: bool = False
    duration_seconds: float = 0.0
    why: str | None = None

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def text(self) -> str:
        """The output for people and models; what is not UTF-8 is replaced."""
        return self.output.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Passage:
    """A connection asked of a gateway: the host as asked, bytes as carried, why it was refused."""

    host: str
    port: int
    allowed: bool
    bytes_up: int = 0
    bytes_down: int = 0
    why: str | None = None
    unreached: bool = False
    """Whether the host was allowed, and could not be resolved or did not answer: no box can bring that about."""


class Gateway(Protocol):
    """The only way out of a box; listening already when it is given to one."""

    @property
    def socket(self) -> Path: ...

    @property
    def passages(self) -> Sequence[Passage]: ...


class Box(Protocol):
    """One tree, for any number of commands: `/tmp` and processes last for one command, the tree for all.

    The first command gives the tree and the writable mounts to the box's user. What the host writes there
    later belongs to the host: open a new box after that.
    """

    async def run(self, command: Command) -> CommandResult:
        """The command's result, when nothing of it is alive any more. Where the caller is cancelled, too.

        Raises `core.errors.BoxUnavailable` where the box itself could not start: the command has then not run
        at all.
        """
        ...

    async def kill(self) -> None:
        """End every running command and refuse new ones; returns when all are dead. May be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One property of the box that was tried: `why` says what was seen, or what to do."""

    name: str
    ok: bool
    why: str


@dataclass(frozen=True, slots=True)
class ProbeReport:
    backend: str
    lines: tuple[ProbeLine, ...] = ()

    @property
    def ok(self) -> bool:
        return bool(self.lines) and all(line.ok for line in self.lines)


class Boxes(Protocol):
    """A backend: bubblewrap, or none."""

    @property
    def backend(self) -> str: ...

    def open(
        self,
        tree: Path,
        *,
        mounts: Sequence[Mount] = (),
        network: Gateway | None = None,
        limits: Limits | None = None,
    ) -> Box:
        """A box around `tree`. Without a gateway there is no network at all, not even the host's loopback."""
        ...

    async def probe(self, *, quick: bool = False) -> ProbeReport:
        """What the box keeps in and out, found by trying; `quick` for every start, in under a second."""
        ...
