"""Boxes without any way out, for code of strangers."""

from collections.abc import Sequence
from pathlib import Path

from core.boxes import Box, Boxes, Gateway, Limits, Mount, ProbeReport
from core.errors import BoxUnavailable

UNBOXED = "none"


class Sealed:
    """Satisfies `Boxes`. Raises BoxUnavailable where one is to have a gateway, or where there are no boxes at all."""

    def __init__(self, boxes: Boxes) -> None:
        self._boxes = boxes

    @property
    def backend(self) -> str:
        return self._boxes.backend

    def open(
        self,
        tree: Path,
        *,
        mounts: Sequence[Mount] = (),
        network: Gateway | None = None,
        limits: Limits | None = None,
    ) -> Box:
        if network is not None:
            raise BoxUnavailable("A box of a run about a fork has no way out, and one was asked for.")
        if self.backend == UNBOXED:
            raise BoxUnavailable("Code of a fork runs in a box or not at all, and the box is switched off here.")
        return self._boxes.open(tree, mounts=mounts, limits=limits)

    async def probe(self, *, quick: bool = False) -> ProbeReport:
        return await self._boxes.probe(quick=quick)
