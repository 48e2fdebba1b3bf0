"""The dependency layer: what a project's `setup:` commands leave in `/deps`, made once and shown read-only.

The commands run on the base tree, with the way open to package indexes only; what they write elsewhere is thrown away.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from adapters import caches
from adapters.git.checkout import delete
from adapters.sandbox.gateway import PACKAGE_INDEX_HOSTS, ConnectGateway
from core.boxes import DEPENDENCIES, Command, CommandResult, Gateway, Mount, Passage
from core.breakers import Breaker
from core.digests import digest
from core.errors import IndexAway, SetupFailed
from core.runs import Run
from core.workspaces import Workspace
from jobs.indexes import INDEXES, maybe_needed
from jobs.services import Services

LAYERS = "layers"
"""The folder of all layers, in the data folder: one in it for each repository."""
SETUP_SECONDS = 900
OUTPUT_BYTES = 400_000
TAIL_CHARACTERS = 3_000
WITHOUT_NETWORK = (
    "There is no network in a run about a fork: a run about the base of it, begun before, sets up what it needs."
)
MOST_PLACES = 50
"""Places that an entry of the journal names: a hostile setup asks for thousands."""


class Journal(Protocol):
    async def __call__(self, name: str, facts: Mapping[str, Any]) -> None: ...


async def layer_of(
    services: Services,
    run: Run,
    workspace: Workspace,
    commands: Sequence[str],
    manifests: Mapping[str, str],
    journal: Journal,
) -> Path | None:
    """The folder to mount at `/deps`, made now where this branch has none for these commands and manifests.

    The commands run code of the branch, and what they leave decides how later runs go: whoever may push to one branch
    only sets up none of another.
    A run about a fork has no network, and takes a layer as one about the base made it; without one the commands must do
    without network, and what they leave counts for such runs alone.
    None without commands. Raises SetupFailed with the end of the output of the command that failed; IndexAway where it
    could not reach a package index, and CircuitOpen where one that it may need is left alone.
    """
    if not commands:
        return None
    names = [digest("layer", run.base_ref, list(commands), dict(manifests))]
    if run.snapshot.fork:
        names.append(digest("layer", "without network", names[0]))
    places = [services.settings.data_dir / LAYERS / str(run.repo.id) / name[:32] for name in names]
    made = next((place for place in places if (place / "complete").is_file()), places[-1])
    caches.used(made)
    if not (made / "complete").is_file():
        await _make(services, run, workspace, commands, made, journal)
    return made / "deps"


async def _make(
    services: Services, run: Run, workspace: Workspace, commands: Sequence[str], made: Path, journal: Journal
) -> None:
    """Only `deps` is given to the box; that it is complete is written beside it, where no box can lay a link."""
    online = not run.snapshot.fork
    needed = maybe_needed(commands) if online else ()
    asked = {index: await services.guard.admitted(index.dependency) for index in needed}
    building = made.with_name(f"{made.name}.{run.id}")
    await delete(building)
    deps = building / "deps"
    deps.mkdir(parents=True)
    began = monotonic()
    scratch = await workspace.scratch(run.base_sha, "setup")
    failed: SetupFailed | IndexAway | None = None
    gateway: ConnectGateway | None = None
    try:
        async with _way_out(services, run) as gateway:
            await _run(services, scratch, deps, commands, gateway)
    except SetupFailed as error:
        failed = error if online else SetupFailed(f"{error} {WITHOUT_NETWORK}", evidence=error.evidence)
    finally:
        await workspace.discard("setup")
    passages = gateway.passages if gateway is not None else ()
    for index in INDEXES:
        breaker = asked.get(index, Breaker(dependency=index.dependency))
        if failed and (why := index.away(passages)):
            await services.guard.failed(breaker, why)
            failed = IndexAway(f"A package index cannot be reached. {why}", evidence=failed.evidence)
        elif index.answered(passages):
            await services.guard.answered(breaker)
    facts = {"commands": list(commands), "seconds": round(monotonic() - began, 3), "passages": shown(passages)}
    await journal("setup.failed" if failed else "setup.done", facts)
    if failed:
        await delete(building)
        raise failed
    (building / "complete").write_text(json.dumps(list(commands)), encoding="utf-8")
    try:
        building.rename(made)
    except OSError:
        # Another run of this repository was quicker; its layer is as good.
        await delete(building)


@asynccontextmanager
async def _way_out(services: Services, run: Run) -> AsyncIterator[ConnectGateway | None]:
    """The way to the package indexes; None for a run about a fork."""
    if run.snapshot.fork:
        yield None
        return
    sockets = services.settings.run_dir
    sockets.mkdir(parents=True, exist_ok=True)
    async with ConnectGateway(sockets / f"{run.id}.gw", PACKAGE_INDEX_HOSTS) as gateway:
        yield gateway


async def _run(services: Services, tree: Path, deps: Path, commands: Sequence[str], gateway: Gateway | None) -> None:
    box = services.boxes.open(tree, mounts=(Mount(deps, DEPENDENCIES, writable=True),), network=gateway)
    try:
        for command in commands:
            setup = Command(("sh", "-c", command), timeout_seconds=SETUP_SECONDS, output_limit_bytes=OUTPUT_BYTES)
            result = await box.run(setup)
            if not result.ok:
                raise SetupFailed(f"`{command}` failed.", evidence=tail(result))
    finally:
        await box.kill()


def shown(passages: Sequence[Passage]) -> list[str]:
    """Where a setup went and where it was not let, each place once; those it was refused come first."""
    places = sorted({(p.allowed, p.host, p.port) for p in passages})
    lines = [f"{host}:{port} {'allowed' if allowed else 'refused'}" for allowed, host, port in places]
    more = len(lines) - MOST_PLACES
    return [*lines[:MOST_PLACES], f"and {more} more"] if more > 0 else lines


def tail(result: CommandResult, characters: int = TAIL_CHARACTERS) -> str:
    """The end of a command's output, where tools put what matters, and which limit ended it."""
    text = result.text.strip()
    cut = text if len(text) <= characters else "…" + text[-characters:]
    return f"{cut}\n{result.why}" if result.why else cut
