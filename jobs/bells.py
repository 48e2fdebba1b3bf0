"""The bell of a run: somebody should look at it. Bells carry an id and may be lost: the clock rings again."""

from adapters.store import runs
from core.names import RunId
from jobs.services import Services


async def ring(services: Services, run_id: RunId) -> None:
    """Ring for the run. Each ring has a number of its own, so that none is taken for one before it."""
    async with services.store.begin() as db:
        number = await runs.ring(db, run_id)
    await services.doorbell.ring_run(run_id, number)
