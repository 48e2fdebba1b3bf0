"""Where a worker may die, read from the code so that no point can be forgotten; deaths, and life after them."""

import ast
from collections.abc import Callable
from functools import partial
from pathlib import Path

from story_world import World

from core import faults

ROOT = Path(__file__).parents[2]
FLOORS = ("bot", "jobs", "handlers", "adapters", "policies", "prompts", "core")


APART = 3
"""Arrivals at any point between two deaths."""
BEARABLE = 2
"""Deaths between two outcomes: a run that dies five times on end without headway is given up."""
HEADWAY = frozenset({"step.before_outcome", "foreach.after_settled"})

OF_LISTS = "foreach."
"""Begins the names of points that only a run with a `foreach` comes by."""
OF_SUBS = "sub."
"""Begins the names of points that only a run with a sub-workflow comes by."""
OF_BOARDS = "board."
"""Begins the names of points that nobody comes by where nobody asked for a board: their own stories die there."""
OF_RELEASES = "release."
"""Begins the names of points that only a run comes by whose CI was held: the stories of CI exposure die there."""


def fault_points(*, of_lists: bool = False, of_subs: bool = False) -> list[str]:
    """The name of every `faults.point("…")` in the product that a run comes by whose CI is not held; without `of_lists`
    and `of_subs`, of those that every run comes by."""
    found = set()
    for file in (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "faults.point":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{file}: a fault point has a plain name"
                found.add(str(name.value))
    others = (OF_BOARDS, OF_RELEASES, *(() if of_lists else (OF_LISTS,)), *(() if of_subs else (OF_SUBS,)))
    return sorted(name for name in found if not name.startswith(others))


class Died(BaseException):
    """The worker is gone: nothing of ours may catch this."""


class Deaths:
    """Strikes at a point when it is passed for the first time (counted from `first`), and then every `every`th time."""

    def __init__(self, name: str, every: int, first: int = 0) -> None:
        self.reached = self.died = 0
        self._every, self._first = every, first
        faults.arm(name, self)

    def __call__(self) -> None:
        self.reached += 1
        if self.reached % self._every == (1 + self._first) % self._every:
            self.died += 1
            raise Died


class OneByOne:
    """Lets a worker die at every point once, one after the other."""

    def __init__(self, points: list[str]) -> None:
        self.died: list[str] = []
        self._lived = self._borne = 0
        for point in points:
            faults.arm(point, partial(self._meet, point))

    def _meet(self, point: str) -> None:
        self._lived += 1
        if point not in self.died and self._lived > APART and self._borne < BEARABLE:
            self.died.append(point)
            self._lived, self._borne = 0, self._borne + 1
            raise Died
        if point in HEADWAY:
            self._borne = 0


async def survive(world: World, between: Callable[[], None] = lambda: None) -> None:
    """Let everything happen, with another worker coming once the lease of a dead one has run out."""
    while True:
        try:
            await world.settle()
        except Died:
            between()
            await world.another_worker()
            world.clock.leap(61)
        else:
            return
