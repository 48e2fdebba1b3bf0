"""Who dies where: orders that a test gives, and what came of them, in a folder that all processes of a service share.

A run that comes by takes the next of the orders for runs and keeps it for life, so that stories which are played at
the same time die at one point each. Orders for any run are carried out by whichever comes by: one story, with all its
parts, dies at many points, one after the other. Intake, clock and web have no run: their arrivals are counted by part.
"""

import fcntl
import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

RUNS = "runs"
"""The part whose arrivals are counted run by run."""
ANY_RUN = "any-run"
"""Arrivals of all runs together. An order for them is due from an arrival on, and waits for a run that can bear it."""


@dataclass(frozen=True, slots=True)
class Order:
    """Die at this point, at these of its arrivals, counted from 1. With the signal STOP it only freezes."""

    point: str
    at: tuple[int, ...]
    signal: str = "KILL"
    bearable: int = 0
    """For any run: only where this run has died in this step less often than that. Five deaths without headway and it
    is given up."""


@dataclass(frozen=True, slots=True)
class Death:
    part: str
    run: str
    """Empty where it was no run's."""
    point: str
    arrival: int
    pid: int
    step: str = ""


class Fate:
    """Every method may be called by several processes at once; a kill in the middle of one harms nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "arrivals").mkdir(parents=True, exist_ok=True)

    def order(self, orders: Mapping[str, Sequence[Order | None]]) -> None:
        """From now on these orders stand, by part. None among those for runs: the run that takes it lives."""
        fresh = self._folder / "orders.new"
        fresh.write_text(json.dumps({part: [one and asdict(one) for one in given] for part, given in orders.items()}))
        fresh.rename(self._folder / "orders")

    def meet(self, part: str, run: str, point: str, step: str = "") -> None:
        """Count an arrival, and die where it was ordered."""
        with self._alone():
            ordered = self._ordered(part, run)
            arrival = self._count(run or part, point)
            order = next((one for one in ordered if one.point == point and arrival in one.at), None)
            if order is None and run:
                order = self._due(run, point, step)
            if order is None:
                return
            death = Death(part, run, point, arrival, os.getpid(), step)
            with (self._folder / "deaths").open("a") as deaths:
                deaths.write(json.dumps(asdict(death)) + "\n")
        os.kill(os.getpid(), signal.Signals[f"SIG{order.signal}"])

    def arrivals(self, scope: str) -> dict[str, int]:
        """How often each point was reached: by a run, named by its id, or by a part."""
        found = (self._folder / "arrivals").glob(f"{scope} *")
        return {file.name.partition(" ")[2]: file.stat().st_size for file in found}

    def deaths(self) -> list[Death]:
        file = self._folder / "deaths"
        return [Death(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []

    def runs(self) -> list[str]:
        """The runs in the order in which they came by."""
        file = self._folder / "runs"
        return file.read_text().split() if file.exists() else []

    def _ordered(self, part: str, run: str) -> list[Order]:
        file = self._folder / "orders"
        given = json.loads(file.read_text()).get(part, []) if file.exists() else []
        if part == RUNS:
            given = given[self._place(run) :][:1]
        return [Order(**{**one, "at": tuple(one["at"])}) for one in given if one]

    def _due(self, run: str, point: str, step: str) -> Order | None:
        """The order for any run that is to be carried out here."""
        arrival, died = self._count(ANY_RUN, point), self.deaths()
        here = sum(one.run == run and one.step == step for one in died)
        there = sum(one.point == point for one in died)
        for one in self._ordered(ANY_RUN, run):
            if one.point == point and there < len(one.at) and arrival >= one.at[there] and here < one.bearable:
                return one
        return None

    def _place(self, run: str) -> int:
        known = self.runs()
        if run not in known:
            with (self._folder / "runs").open("a") as file:
                file.write(f"{run}\n")
            return len(known)
        return known.index(run)

    def _count(self, scope: str, point: str) -> int:
        with (self._folder / "arrivals" / f"{scope} {point}").open("ab") as file:
            file.write(b".")
            return file.tell()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def spread(arrivals: int, most: int) -> tuple[int, ...]:
    """At most so many arrivals to die at, evenly over the story; each death makes one arrival more.

    Never two in a row: a run that gets no further five times is given up.
    """
    deaths = min(arrivals, most)
    return tuple(1 + place * arrivals // deaths + place for place in range(deaths))
