"""A control group for each command, where this machine lets us make one (version 2, or 1).

`control_group()` returns None where it does not, and the limits of `prlimit` stand alone. It bounds the
memory and the number of all processes together; it is made below our own group or one above it, joined by the
first link of the launch, and removed when nothing in it is alive.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.boxes import Limits

BOX_PROCESSES = 2
"""Bubblewrap's own two count in a group, too; a relay to a gateway counts as one of the command's."""
_PREFIX = "pullwright-"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where groups can be made: one folder in version 2, in version 1 one for each of the two controllers."""

    memory: Path
    pids: Path
    version: int


@dataclass(frozen=True, slots=True)
class ControlGroup:
    folders: tuple[Path, ...]
    memory: Path
    pids: Path
    version: int

    def why(self, limits: Limits) -> str | None:
        """Which limit was met, in one sentence."""
        events = "memory.events" if self.version == 2 else "memory.oom_control"
        if _count(self.memory / events, "oom_kill"):
            most = f"{limits.memory_bytes // 2**20:,} MiB of memory"
            return f"It needed more than {most}; the kernel killed a process of it."
        if _count(self.pids / "pids.events", "max"):
            return f"It asked for more than {limits.processes:,} processes at once and was refused."
        return None

    def kill(self) -> None:
        """SIGKILL to what is still in the group: only what had not reached its own process namespace yet."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                for pid in (folder / "cgroup.procs").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)

    def remove(self) -> None:
        for folder in self.folders:
            with contextlib.suppress(OSError):  # a process is just going; the next start sweeps
                folder.rmdir()


def control_group(limits: Limits) -> ControlGroup | None:
    """A new group with these limits, or None."""
    where = hierarchy()
    if where is None:
        return None
    name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
    memory, pids = where.memory / name, where.pids / name
    group = ControlGroup(tuple({memory, pids}), memory, pids, where.version)
    try:
        for folder in group.folders:
            folder.mkdir()
        bound = str(limits.memory_bytes)
        if group.version == 2:
            (group.memory / "memory.max").write_text(bound)
            _write_if_there(group.memory / "memory.swap.max", "0")
        else:
            (group.memory / "memory.limit_in_bytes").write_text(bound)
            _write_if_there(group.memory / "memory.memsw.limit_in_bytes", bound)
        (group.pids / "pids.max").write_text(str(limits.processes + BOX_PROCESSES))
    except OSError:
        group.remove()
        return None
    return group


@functools.cache
def hierarchy() -> Hierarchy | None:
    """Found once per process, by trying to make a group; what dead workers left behind is removed on the way."""
    for found in _candidates(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text()):
        trial = f"{_PREFIX}{os.getpid()}-0"
        try:
            for parent in {found.memory, found.pids}:
                _sweep(parent)
                (parent / trial).mkdir(exist_ok=True)
            usable = all(
                (folder / trial / name).exists()
                for folder, name in (
                    (found.memory, "memory.max" if found.version == 2 else "memory.limit_in_bytes"),
                    (found.pids, "pids.max"),
                )
            )
        except OSError:
            continue
        finally:
            for parent in {found.memory, found.pids}:
                with contextlib.suppress(OSError):
                    (parent / trial).rmdir()
        if usable:
            return found
    return None


def _candidates(mountinfo: str, own: str) -> Iterator[Hierarchy]:
    """Version 2: our own group and those above it. Version 1: our own groups."""
    paths = dict(line.split(":", 2)[1:] for line in own.splitlines())
    mounts: dict[str, tuple[str, Path]] = {}
    for line in mountinfo.splitlines():
        left, right = line.split(" - ", 1)
        root, point = left.split()[3:5]
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup2":
            mounts[""] = (root, Path(point))
        elif kind == "cgroup":
            mounts.update(dict.fromkeys(set(options.split(",")) & {"memory", "pids"}, (root, Path(point))))
    if "" in mounts and "" in paths:
        top = mounts[""][1]
        group = _below(mounts[""], paths[""])
        while group.is_relative_to(top):
            yield Hierarchy(group, group, 2)
            group = group.parent
    own_group = {name: path for names, path in paths.items() for name in names.split(",")}
    if {"memory", "pids"} <= mounts.keys() & own_group.keys():
        yield Hierarchy(_below(mounts["memory"], own_group["memory"]), _below(mounts["pids"], own_group["pids"]), 1)


def _below(mount: tuple[str, Path], group: str) -> Path:
    root, point = mount
    relative = os.path.relpath(group, root)
    return point if relative.startswith("..") else point / relative


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{_PREFIX}*-*"):
        pid = left.name.removeprefix(_PREFIX).split("-")[0]
        if not Path("/proc", pid).exists():
            ControlGroup((left,), left, left, 0).kill()
            with contextlib.suppress(OSError):
                left.rmdir()


def _write_if_there(path: Path, text: str) -> None:
    if path.exists():
        path.write_text(text)


def _count(path: Path, key: str) -> int:
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            name, _, number = line.partition(" ")
            if name == key:
                return int(number)
    return 0
