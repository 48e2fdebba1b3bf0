"""A part of the service that dies on order: the command `pullwright` itself, with every fault point armed.

The product arms none. What is patched here is patched in this process only.
"""

import os
import stat
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from fate import RUNS, Fate
from story_deaths import fault_points

from core import faults

FOLDER = "CRASH_FOLDER"
"""Names the folder of the orders in the environment of the service."""

INBOX = ("inbox.before_commit", "inbox.after_commit")
"""Around the receiver's transaction, which has a thread of its own."""

SWEEP_SECONDS = 3

POINTS = (*fault_points(of_lists=True, of_subs=True), *INBOX)


def main() -> None:
    """The console script."""
    if folder := os.environ.get(FOLDER):
        _arm(Fate(Path(folder)), _part(sys.argv[1:]))
    from bot.cli import main as command

    command()


def console_script(folder: Path) -> str:
    """Write the script that starts a mortal part into the folder; its path."""
    here = Path(__file__).parent
    paths = [str(here), str(here.parent / "story"), str(here.parents[1])]
    script = folder / "pullwright"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {paths!r}\nfrom mortal_part import main\n\nmain()\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


def environ(folder: Path) -> Mapping[str, str]:
    return {FOLDER: str(folder)}


def _part(arguments: list[str]) -> str:
    """`web`, `clock`, `redis`, or the queue of a worker."""
    return arguments[-1]


def _arm(fate: Fate, part: str) -> None:
    def meet(point: str) -> None:
        about = structlog.contextvars.get_contextvars() if part == RUNS else {}
        fate.meet(part, str(about.get("run", "")), point, str(about.get("step", "")))

    for point in POINTS:
        faults.arm(point, lambda point=point: meet(point))
    if part == "web":
        _arm_inbox()
    if part == "clock":
        _sweep_often()


def _sweep_often() -> None:
    """What was refused while the receiver was dead comes again in seconds, and not in ten minutes."""
    from jobs import clock, sweep

    sweep.INTERVAL_SECONDS = SWEEP_SECONDS
    clock.run = partial(clock.run, sweep_seconds=SWEEP_SECONDS)


def _arm_inbox() -> None:
    from adapters.store.inbox import InboxWriter

    write = InboxWriter._write

    def mortal(self: InboxWriter, group: Any) -> int:
        faults.point("inbox.before_commit")
        new = write(self, group)
        faults.point("inbox.after_commit")
        return new

    InboxWriter._write = mortal  # type: ignore[method-assign]
