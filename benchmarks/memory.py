"""How much memory the service holds: every process of a real `supervise`, at rest and after a story."""

import re
from pathlib import Path

from benchmarks.figures import Bound, Figure, Report
from benchmarks.story import played
from bot.up import Service

WEB_BOUND_MB = 120.0
_MB = 10**6


async def measure() -> Report:
    """Resident megabytes of a part; of the whole, where shared pages would count many times, proportional ones."""
    rest: dict[str, tuple[float, float]] = {}
    after: dict[str, tuple[float, float]] = {}

    async def before(service: Service) -> None:
        rest.update(_parts(service))

    await played(before=before, after=lambda _, service: after.update(_parts(service)))
    web, worker = "web", "worker runs 1"
    return Report(
        (
            Figure("web at rest", rest[web][0], "MB", bound=Bound("measured", "at most", WEB_BOUND_MB)),
            Figure("web after a story", after[web][0], "MB", bound=Bound("measured", "at most", WEB_BOUND_MB)),
            Figure("worker at rest", rest[worker][0], "MB"),
            Figure("worker after a story", after[worker][0], "MB"),
            Figure("all parts at rest", sum(shared for _, shared in rest.values()), "MB"),
            Figure("all parts after a story", sum(shared for _, shared in after.values()), "MB"),
        ),
        "\n".join(
            f"{name:<16}{resident:>6.0f} MB resident, {proportional:>6.0f} MB proportional after the story"
            for name, (resident, proportional) in after.items()
        ),
    )


def _parts(service: Service) -> dict[str, tuple[float, float]]:
    """By name: what the kernel counts for the process, and its share of what it has in common with others."""
    return {name: (_kept(pid, "Rss"), _kept(pid, "Pss")) for name, pid in service.pids.items()}


def _kept(pid: int, what: str) -> float:
    found = re.search(rf"^{what}:\s+(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"The kernel does not say how much memory process {pid} holds.")
    return int(found[1]) * 1024 / _MB
