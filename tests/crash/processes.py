"""Who runs below whom, read from /proc: processes in boxes too, whatever they call themselves there."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """`born` tells it from a later one with the same number."""

    pid: int
    parent: int
    born: int
    dead: bool
    """A zombie does nothing any more."""
    command: str


def process(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return Process(pid, int(fields[1]), int(fields[19]), fields[0] in "ZX", command)


def below(pid: int) -> list[Process]:
    """Every living descendant of this process, children before grandchildren."""
    alive = [found for folder in Path("/proc").glob("[0-9]*") if (found := process(int(folder.name)))]
    family, found = {pid}, []
    while more := [one for one in alive if one.parent in family and one.pid not in family and not one.dead]:
        found += more
        family |= {one.pid for one in more}
    return found


def left(family: list[Process]) -> list[str]:
    """The commands of those that still live."""
    now = [(one, process(one.pid)) for one in family]
    return [one.command for one, found in now if found and found.born == one.born and not found.dead]


def tell(number: signal.Signals, family: list[int]) -> None:
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
