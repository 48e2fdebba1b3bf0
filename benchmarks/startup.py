"""How long the command line takes to say anything: `pullwright --version`, against the interpreter alone."""

import subprocess
import sys
import time

from benchmarks.figures import Bound, Figure, Report, middle
from bot.up.children import console_script

ROUNDS = 21
BOUND_MS = 100.0


async def measure() -> Report:
    """Whole processes, from start to exit, by turns; medians in milliseconds."""
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "--version": [console_script(), "--version"],
        "--help": [console_script(), "--help"],
    }
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            samples[name].append(_milliseconds(command))
    bare = middle(samples["pass"])
    return Report(
        tuple(
            Figure(
                f"`pullwright {option}`",
                middle(samples[option]),
                "ms",
                baseline=bare,
                against="`python -c pass`",
                bound=Bound("measured", "at most", BOUND_MS),
            )
            for option in ("--version", "--help")
        )
    )


def _milliseconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - began)
