"""The doorbell: it says "look", and carries ids only. Who does not hear it is found by the clock."""

from typing import Protocol

from core.names import RunId


class Doorbell(Protocol):
    """Best effort, and quick. A bell never raises for a reason of its own: what must not be lost is in the database."""

    async def ring_intake(self) -> bool:
        """Say that deliveries are pending. False where nobody can have heard."""
        ...

    async def ring_run(self, run_id: RunId, ring: int) -> bool:
        """Say that a run should be looked at. `ring` counts the bells of this run, so that no two are one job."""
        ...

    async def unheard(self) -> int | None:
        """How many bells for runs were rung that nobody has heard yet; None where nobody can hear any."""
        ...

    async def ping(self) -> bool:
        """Whether anybody could hear a bell now."""
        ...
