"""What it costs, measured: `python -m benchmarks [NAME ...]`, or `make bench`, or `make bench ONLY=clone`.

Prints one Markdown table. Ends with 1 where a bound does not hold.
"""

import argparse
import asyncio
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import Figure, Report, table
from benchmarks.machine import description

EVERY = (
    *("startup", "clone", "box", "store", "steps", "peer", "history", "foreach", "receiver"),
    *("overhead", "traffic", "memory", "waiting", "recovery"),
)
"""In this order: quick ones first, and last those that wait for a clock and for a lease to run out.

Each is a module of this folder with `async def measure() -> Report`.
"""
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def main() -> None:
    """Measure the named ones, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(EVERY)}")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="put the table into this page, between its marks")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(EVERY):
        parser.error(f"there is no benchmark called {', '.join(sorted(unknown))}; there are {', '.join(EVERY)}")
    machine = description()
    figures: list[Figure] = []
    for name in chosen.names or EVERY:
        print(f"{name} …", file=sys.stderr, flush=True)
        report: Report = asyncio.run(importlib.import_module(f"benchmarks.{name}").measure())
        figures += report.figures
        if report.details:
            print(report.details, file=sys.stderr, flush=True)
    print(_document(machine, figures) if chosen.json else f"{machine}\n\n{table(figures)}")
    if chosen.into:
        _put(chosen.into, f"{machine}\n\n{table(figures)}\n")
    sys.exit(any(figure.held is False for figure in figures))


def _document(machine: str, figures: list[Figure]) -> str:
    rows = [{**asdict(figure), "ratio": figure.ratio, "held": figure.held} for figure in figures]
    return json.dumps({"machine": machine, "figures": rows}, indent=2)


def _put(page: Path, text: str) -> None:
    before, _, rest = page.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")


if __name__ == "__main__":
    main()
