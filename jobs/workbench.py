"""The workbench of a run: its workspace, the layer of its dependencies, and boxes over both.

The host's git and the box never work at the same time: every box over a tree is dead before the tree is looked at.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from adapters.store import runs
from core.boxes import DEPENDENCIES, Box, Command, CommandResult, Mount
from core.digests import ChangedPath
from core.errors import NotOurs
from core.github import GitHub, TreeEntry
from core.names import Sha, Value
from core.redaction import without_credentials
from core.runs import Run
from core.workspaces import Workspace
from jobs.dependencies import Journal, layer_of
from jobs.entries import entries
from jobs.kept import take_in
from jobs.sealed import Sealed
from jobs.services import Services
from policies.detect import may_tell

CHECK_SECONDS = 1200
OUTPUT_BYTES = 400_000
MANIFEST_BYTES = 200_000
LOCK_BYTES = 50_000_000
"""A layer is known by all of a lock file: what differs at its end is another layer."""
SEARCHED_BYTES = 5_000_000
"""How much of a changed file is searched for secrets; policies allow less for a whole change."""

QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": "-p no:cacheprovider", "CI": "1"}
"""Commands that are told so leave less behind in the tree."""


class CheckPlan(Value):
    """A check of the repository, as pinned for this run at its baseline."""

    name: str
    run: str
    select: str | None = None
    """Runs only the test files given as arguments; None where that cannot be done."""
    tests: tuple[str, ...] = ()
    """Globs of test files."""
    setup: tuple[str, ...] = ()
    why: str = ""
    """Where these commands come from."""


@dataclass
class Workbench:
    services: Services
    run: Run
    workspace: Workspace
    journal: Journal
    github: GitHub
    clone_url: Callable[[], Awaitable[str]]
    """Asked only where something is fetched or pushed."""
    layer: Path | None = None
    _at: Sha | None = None

    async def stand_at(self, tree: Sha) -> None:
        """Make the work tree equal to this tree, whatever an interrupted turn left in it."""
        if self._at != tree:
            await self.workspace.restore(tree)
            self._at = tree

    async def snapshot(self) -> Sha:
        """The tree as it is now. No box over it may be alive."""
        self._at = await self.workspace.snapshot()
        return self._at

    @asynccontextmanager
    async def box(self) -> AsyncIterator[Box]:
        """A box over the work tree, with the dependencies read-only and no way out."""
        box = self.services.boxes.open(self.workspace.tree, mounts=self._mounts())
        try:
            yield box
        finally:
            await box.kill()

    async def command(
        self,
        tree: Sha,
        script: str,
        arguments: Sequence[str] = (),
        *,
        env: Mapping[str, str] = MappingProxyType({}),
        seconds: int | None = None,
    ) -> CommandResult:
        """A command of the project, in a box over a scratch copy of the tree: it leaves nothing behind.

        What looks like a credential is gone from its output: that is shown to people and kept. The script is the
        repository's own text; arguments reach it as `"$@"` and values in `env`, never as part of the text.
        """
        scratch = await self.workspace.scratch(tree, "check")
        box = self.services.boxes.open(scratch, mounts=self._mounts())
        try:
            return await _run(box, script, arguments, env, seconds)
        finally:
            await box.kill()
            await self.workspace.discard("check")

    async def change(
        self, tree: Sha, script: str, *, env: Mapping[str, str] = MappingProxyType({}), seconds: int | None = None
    ) -> CommandResult:
        """A command of the project over the work tree itself, begun at `tree`: what it writes stays there."""
        await self.workspace.restore(tree)
        self._at = None
        async with self.box() as box:
            return await _run(box, script, (), env, seconds)

    async def set_up(self, check: CheckPlan) -> None:
        """Have the dependency layer of this check: from here on every box shows it. Raises SetupFailed."""
        manifests = await self.read_texts([path for path in await self.files() if may_tell(path)], LOCK_BYTES)
        self.layer = await layer_of(self.services, self.run, self.workspace, check.setup, manifests, self.journal)

    async def read_texts(self, paths: Iterable[str], limit: int = MANIFEST_BYTES) -> dict[str, str]:
        """Files of the base as text, the beginning of each: what is not UTF-8 is replaced."""
        found: dict[str, str] = {}
        for path in paths:
            if (raw := await self.workspace.read(self.run.base_sha, path, limit)) is not None:
                found[path] = raw.decode("utf-8", "replace")
        return found

    async def branched_off(self) -> Sha:
        """The commit that the run's change is seen against: its base, or where a pull request left its base branch."""
        base, head = self.run.base_sha, self.run.snapshot.head
        return base if head is None else await self.workspace.merge_base(base, head) or base

    async def files(self) -> list[str]:
        """Every path of the base."""
        return [file.path for file in await self.workspace.list_files(self.run.base_sha)]

    async def secrets(self, tree: Sha, paths: Iterable[ChangedPath]) -> dict[str, tuple[str, ...]]:
        """What each of these files has of secrets that stand in none of them on the base: by path, what each is."""
        known: set[str] = set()
        brought: dict[str, dict[str, str]] = {}
        for path in paths:
            known |= (await self._secrets(self.run.base_sha, path.path)).keys()
            brought[path.path] = await self._secrets(tree, path.path)
        new = {
            path: sorted({kind for secret, kind in found.items() if secret not in known})
            for path, found in brought.items()
        }
        return {path: tuple(kinds) for path, kinds in new.items() if kinds}

    async def _secrets(self, tree: Sha, path: str) -> dict[str, str]:
        raw = await self.workspace.read(tree, path, SEARCHED_BYTES)
        return dict(self.services.redactor.found(raw.decode("utf-8", "replace"))) if raw is not None else {}

    async def size(self, tree: Sha, paths: Iterable[ChangedPath]) -> int:
        """The bytes of all these paths in the tree."""
        wanted = {path.path for path in paths if path.head_blob is not None}
        return sum(file.size for file in await self.workspace.list_files(tree) if file.path in wanted)

    async def fetch(self, sha: Sha) -> None:
        """Have a commit of the repository in the workspace."""
        token = await self.github.git_token(write=False)
        await self.workspace.fetch(await self.clone_url(), sha, token)

    async def entries(self, base: Sha, tree: Sha) -> tuple[Sha, Sequence[TreeEntry]]:
        """Satisfies `jobs.effects.Pusher`."""
        return await self.workspace.tree_of(base), await entries(self.workspace, base, tree)

    async def push(self, branch: str, sha: Sha, expected: Sha | None) -> None:
        """Satisfies `jobs.effects.Pusher`: the token lives for this one push. Raises NotOurs about somebody's head."""
        if self.run.snapshot.head is not None:
            raise NotOurs(f"The run works with the head of {self.run.subject}, which is not ours to push.")
        token = await self.github.git_token(write=True)
        await self.workspace.push(await self.clone_url(), branch, sha, expected, token)

    def _mounts(self) -> tuple[Mount, ...]:
        layer = (Mount(self.layer, DEPENDENCIES),) if self.layer is not None else ()
        return (*layer, *self.workspace.mounts)


async def _run(
    box: Box, script: str, arguments: Sequence[str], env: Mapping[str, str], seconds: int | None
) -> CommandResult:
    result = await box.run(
        Command(
            argv=("sh", "-c", script, "sh", *arguments),
            env={**QUIET, **env},
            timeout_seconds=seconds or CHECK_SECONDS,
            output_limit_bytes=OUTPUT_BYTES,
        )
    )
    return replace(result, output=without_credentials(result.text).encode())


async def open_workbench(
    services: Services, run: Run, clone_url: Callable[[], Awaitable[str]], github: GitHub, journal: Journal
) -> Workbench:
    """The run's workbench, with its workspace as an earlier lease holder left it, or made anew from what it kept.

    A head is asked for by its SHA, and of the base repository, which has it as `refs/pull/N/head` wherever it was
    pushed to: nothing is asked of a fork, which may be gone, and nothing comes along that was pushed since.
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/checking-out-pull-requests-locally
    """
    if run.snapshot.fork:
        services = replace(services, boxes=Sealed(services.boxes))
    if not await services.mirrors.has(run.repo.id, run.base_sha):
        token = await github.git_token(write=False)
        await services.mirrors.fetch(run.repo.id, await clone_url(), token, [run.base_sha])
    workspace = await services.workspaces.open(run.id, run.repo, run.base_sha)
    await take_in(services, workspace, run.id)
    if run.part is not None and not await workspace.has(run.part.tree):
        await _as_its_parents_left_it(services, workspace, run, run.part.tree)
    bench = Workbench(services, run, workspace, journal, github, clone_url)
    if (head := run.snapshot.head) is not None and not await workspace.has(head):
        await bench.fetch(head)
    return bench


async def _as_its_parents_left_it(services: Services, workspace: Workspace, run: Run, tree: Sha) -> None:
    """Have the tree that a part begins at, which its parent made, or found itself when it began as a part."""
    above = run.parent_id
    while above is not None and not await workspace.has(tree):
        await take_in(services, workspace, above)
        async with services.store.read() as db:
            above = (await runs.require(db, above)).parent_id
