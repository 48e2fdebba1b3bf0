"""The workers of a crew hear one bell between them, and go through a list as the service's own workers do."""

from pathlib import Path

import pytest

from adapters.store import parts, runs, steps
from benchmarks.crew import crew
from benchmarks.empty import place
from benchmarks.foreach import empty_list, seconds

ITEMS = 3


@pytest.mark.slow
async def test_one_bell_for_a_list_is_enough_for_all_of_its_items(tmp_path: Path):
    async with place(tmp_path) as at, crew(at, 2) as bell:
        run_id = await at.begin(empty_list(ITEMS))
        assert await seconds(at, bell, [run_id]) > 0
        async with at.services.store.read() as db:
            assert (await runs.require(db, run_id)).state == "succeeded"
            assert len(await parts.of_step(db, run_id, "each")) == ITEMS
            done = {memo.key: memo.output for memo in await steps.all_(db, run_id)}["each"]
    assert (done["count"], done["done"], done["failed"]) == (ITEMS, ITEMS, 0)
