"""What only one machine has of a run's workspace, kept where all machines find it.

It is kept as packs that need each other: a new one has what is new, and stands in for those that it has all of too. So
what it costs to keep a little more does not grow with what was kept before, and there are never many.
"""

from dataclasses import dataclass

from adapters.store import artifacts
from adapters.store.artifacts import Artifact
from core import faults
from core.names import RunId, Sha
from core.workspaces import Workspace
from jobs.lease import Lease
from jobs.services import Services

KEPT = "workspace/"
"""Begins the names of the artifacts: the tree or commit that was to be kept follows, then the id of the pack."""
_MEDIA_TYPE = "application/x-git-packed-objects"


async def keep(services: Services, lease: Lease, workspace: Workspace, sha: Sha) -> None:
    """Store what no pack of the run has yet. Called before anything is recorded that names `sha`."""
    before = [kept for kept in await _of(services, lease.run_id) if await _here(kept, workspace)]
    needed = [kept for kept in before if kept.pack_id]
    pack = await workspace.pack([kept.pack_id for kept in needed])
    if not pack.content:
        return
    address, now = await services.artifacts.put(pack.content), services.clock.now()
    still = needed[: pack.beside]
    over = [kept.artifact.name for kept in before if kept not in still]
    faults.point("kept.before_record")
    async with lease.write() as db:
        await artifacts.drop(db, lease.run_id, over)
        name = f"{KEPT}{sha}/{pack.id}"
        await artifacts.record(db, lease.run_id, name, address, len(pack.content), _MEDIA_TYPE, now)


async def take_in(services: Services, workspace: Workspace, run_id: RunId) -> None:
    """Have in the workspace all that this run kept of its own."""
    for kept in await _of(services, run_id):
        if not await _here(kept, workspace):
            await workspace.unpack(await services.artifacts.get(kept.artifact.digest))


@dataclass(frozen=True, slots=True)
class _Kept:
    artifact: Artifact
    sha: Sha
    pack_id: str
    """Empty where an earlier version kept it: it has all that came before then, and nothing says what else."""


async def _of(services: Services, run_id: RunId) -> list[_Kept]:
    """What the run kept and needs, oldest first."""
    async with services.store.read() as db:
        found = [one for one in await artifacts.of_run(db, run_id) if one.name.startswith(KEPT)]
    named = [(one, *one.name.removeprefix(KEPT).partition("/")) for one in found]
    return [_Kept(one, Sha(sha), pack_id) for one, sha, _, pack_id in named]


async def _here(kept: _Kept, workspace: Workspace) -> bool:
    return workspace.holds(kept.pack_id) if kept.pack_id else await workspace.has(kept.sha)
