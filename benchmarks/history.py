"""What a run costs beside a hundred, ten thousand and a hundred thousand past ones: it should not know the difference.

The past ones are copies of a run that was played, with ten steps and a whole journal each. SQLite; what answers the
queries of a run's life is an index on both databases, which a test of the store holds.
"""

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.copies import copy
from benchmarks.empty import Place, Played, place
from benchmarks.figures import Bound, Figure, Report, middle

PAST = (100, 10_000, 100_000)
BOUND = 1.2
ROUNDS = 15
WARM = 2


async def measure() -> Report:
    """Medians in milliseconds, of one run beside each number of past ones by turns."""
    taken: dict[int, list[Played]] = {past: [] for past in PAST}
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        async with AsyncExitStack() as stack:
            places = {past: await stack.enter_async_context(place(Path(folder, str(past)))) for past in PAST}
            for past, at in places.items():
                await _fill(at, past)
            for number in range(WARM + ROUNDS):
                for past, at in places.items():
                    played = await at.play(await at.begin())
                    if number >= WARM:
                        taken[past].append(played)
    few, *more = PAST
    return Report(tuple(figure for past in more for figure in _figures(past, taken[past], few, taken[few])))


def _figures(past: int, beside: list[Played], few: int, baseline: list[Played]) -> tuple[Figure, Figure]:
    against, bound = f"beside {few:,}", Bound("ratio", "at most", BOUND)
    whole, least = (1000 * middle(one.whole for one in many) for many in (beside, baseline))
    step, least_step = (1000 * middle(one.per_step for one in many) for many in (beside, baseline))
    return (
        Figure(f"run of ten empty steps, {past:,} past runs", whole, "ms", least, against, bound),
        Figure(f"one of its steps, {past:,} past runs", step, "ms", least_step, against, bound),
    )


async def _fill(at: Place, past: int) -> None:
    run_id = await at.begin()
    await at.play(run_id)
    database = make_url(at.services.settings.database_url).database
    assert database is not None
    copy(Path(database), run_id, past)
