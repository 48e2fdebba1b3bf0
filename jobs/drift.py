"""What a look at the content of a change finds, beside its paths and sizes: the facts that `policies.drift` judges."""

from collections.abc import Sequence

from core.digests import ChangedPath
from core.names import Sha
from jobs import handed
from jobs.work import Work
from jobs.workbench import Workbench
from policies.drift import EXECUTABLE, Seen, hidden_lines

LOOKED_AT_BYTES = 5_000_000
"""How much of a changed file is looked at; policies allow less for a whole change."""


async def look(work: Work, bench: Workbench, tree: Sha, paths: Sequence[ChangedPath]) -> Seen:
    """What the plan names, which new lines hide something, what becomes executable, and what the tests show."""
    plan, tests = handed.plan(work), handed.checked(work)
    evidence = tests["evidence"] if tests is not None else None
    hidden = {path.path: await _hidden(bench, tree, path) for path in paths if path.head_blob is not None}
    return Seen(
        hidden_lines={path: lines for path, lines in hidden.items() if lines},
        executable=await _executable(bench, paths),
        planned=plan.files if plan is not None else None,
        tests=tuple(evidence["files"]) if evidence is not None else None,
        red_without=evidence is not None and evidence["base"] == "red",
    )


async def _hidden(bench: Workbench, tree: Sha, path: ChangedPath) -> tuple[int, ...]:
    head = await bench.workspace.read(tree, path.path, LOOKED_AT_BYTES)
    if head is None or head.isascii():
        return ()
    base = await bench.workspace.read(bench.run.base_sha, path.path, LOOKED_AT_BYTES)
    return hidden_lines(head.decode("utf-8", "replace"), (base or b"").decode("utf-8", "replace"))


async def _executable(bench: Workbench, paths: Sequence[ChangedPath]) -> tuple[str, ...]:
    wanted = [path.path for path in paths if path.mode == EXECUTABLE]
    if not wanted:
        return ()
    before = {file.path for file in await bench.workspace.list_files(bench.run.base_sha) if file.mode == EXECUTABLE}
    return tuple(path for path in wanted if path not in before)
