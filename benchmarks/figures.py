"""A figure: one thing measured, what it is held against, and the bound that must hold."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

COLUMNS = ("figure", "measured", "baseline", "ratio", "bound", "held")

Unit = Literal["ms", "s", "MB", "%", "deliveries/s", "steps/s", "items/s", "requests", "commits", "processes"]
_DIGITS: dict[Unit, int] = {"ms": 1, "s": 2, "items/s": 1, "%": 2}
"""After the point; none of what is not here."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What must hold of a figure, or of its ratio to the baseline, to the given side of `value`."""

    of: Literal["measured", "ratio"]
    side: Literal["at most", "at least"]
    value: float

    def holds(self, value: float) -> bool:
        return value <= self.value if self.side == "at most" else value >= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. A baseline was measured in the same run, by turns, and is in the same unit.

    Where there is no bound the figure is there to be seen to change.
    """

    name: str
    measured: float | None
    unit: Unit
    baseline: float | None = None
    against: str = ""
    """What the baseline is."""
    bound: Bound | None = None
    goal: float | None = None
    """Where more is wanted than must hold: the value that is aimed at."""
    missing: str = ""
    """Why it was not measured, where it was not: it neither holds nor fails then."""

    @property
    def ratio(self) -> float | None:
        return None if self.baseline is None or self.measured is None else self.measured / self.baseline

    @property
    def held(self) -> bool | None:
        """None: nothing must hold."""
        if self.bound is None or self.measured is None:
            return None
        value = self.measured if self.bound.of == "measured" else self.ratio
        return value is not None and self.bound.holds(value)

    @property
    def cells(self) -> tuple[str, ...]:
        """The row under COLUMNS."""
        baseline = "" if self.baseline is None else f"{self._in_unit(self.baseline)} ({self.against})"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        held = {None: "", True: "yes", False: "NO"}[self.held]
        measured = f"not measured: {self.missing}" if self.measured is None else self._in_unit(self.measured)
        return (self.name, measured, baseline, ratio, self._bound(), held)

    def _bound(self) -> str:
        if self.bound is None:
            return ""
        value = self._in_unit(self.bound.value) if self.bound.of == "measured" else f"{self.bound.value:g} ×"
        return f"{self.bound.side} {value}" + ("" if self.goal is None else f" (goal {self.goal:g})")

    def _in_unit(self, value: float) -> str:
        return f"{value:,.{_DIGITS.get(self.unit, 0)}f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Report:
    """What one benchmark found: its rows, and lines that say more."""

    figures: tuple[Figure, ...]
    details: str = ""


def middle(samples: Iterable[float]) -> float:
    """The median: one slow moment of the machine does not move it."""
    return statistics.median(samples)


def table(figures: Sequence[Figure]) -> str:
    """The rows as a Markdown table that is readable as it stands."""
    rows = [COLUMNS, *(figure.cells for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
