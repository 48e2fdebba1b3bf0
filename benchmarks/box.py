"""What a box costs a command: `true` in a bubblewrap box, against `true` alone and a bare `bwrap`.

The bare one makes the same namespaces and mounts the system read-only; it neither leaves root, filters system calls,
sets limits nor watches the disk.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from adapters.sandbox import boxes
from benchmarks.figures import Figure, Report, middle
from core.boxes import Command

ROUNDS = 31
_BARE = (
    *("bwrap", "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
    *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--"),
)


async def measure() -> Report:
    """Medians in milliseconds, by turns. The box is open already and its tree empty: a run opens one for many."""
    program = shutil.which("true") or "/bin/true"
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        tree = Path(folder, "tree")
        tree.mkdir()
        box = boxes("bubblewrap").open(tree)
        boxed, bare, alone = [], [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            result = await box.run(Command(("true",)))
            boxed.append(1000 * (time.perf_counter() - began))
            if not result.ok:
                raise SystemExit(f"`true` failed in a box: {result.why or result.text}")
            bare.append(_milliseconds(*_BARE, program))
            alone.append(_milliseconds(program))
    ours = middle(boxed)
    return Report(
        (
            Figure("`true` in a box", ours, "ms", baseline=middle(bare), against="bare `bwrap`"),
            Figure("`true` in a box", ours, "ms", baseline=middle(alone), against="no box"),
        )
    )


def _milliseconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return 1000 * (time.perf_counter() - began)
