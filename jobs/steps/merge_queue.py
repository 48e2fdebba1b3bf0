"""The merge queue of a `foreach`: the change of one item, put onto what the items before it left.

One at a time and in a fixed order, so that the result is the same however many were at work at once. What was green
alone is looked at again where the ground had moved; what cannot be put together is left out, and said.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.store import steps
from adapters.store.parts import PartRun
from core.digests import canonical, digest
from core.errors import ConflictLeft, ItemTooLarge
from core.expressions import as_text, evaluate
from core.fanout import MOST_BYTES, conflict_left
from core.names import Sha
from core.outputs import Resolution
from core.workflow import Foreach, Step, name_of
from core.workspaces import FILE_LIMIT_BYTES
from jobs import handed
from jobs.kept import take_in
from jobs.memo import remembered
from jobs.steps.agent import hand_in
from jobs.steps.check import stays_green
from jobs.work import Work
from jobs.workbench import CheckPlan, Workbench
from prompts import ResolvePrompt

RESOLVER = "implementer"
"""The role of the agent that puts two changes together."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of an item: the tree with its change in it, and what is collected of it."""

    tree: Sha
    output: Any


async def merged(step: Step, foreach: Foreach, work: Work, part: PartRun, tree: Sha) -> Merged:
    """The item's change on `tree`, and what it hands over.

    Raises ConflictLeft or RedTogether where it cannot be put there, ItemTooLarge or ExpressionInvalid where its output
    cannot be taken.
    """
    seen = await _as_the_part_left_it(step, work, part)
    output = await _collected(foreach, seen)
    changed, start = seen.tree(), part.part.tree
    if changed in {start, tree}:
        return Merged(tree, output)
    bench = await work.bench()
    if not await bench.workspace.has(changed):
        await take_in(work.services, bench.workspace, part.id)
    if tree == start:
        return Merged(changed, output)
    key = f"{step.id}/merge:{part.part.attempt}:{part.part.index}"
    found = await bench.workspace.merged(start, tree, changed)
    together = found.tree
    if together is None:
        marked = Sha(found.marked or tree)
        together = await _resolved(key, seen, bench, _Conflict(start, tree, changed, marked, found.conflicts))
    if (again := _last_check(foreach, seen)) is not None:
        check, plan = again
        await stays_green(f"{key}/check", check, plan, together, seen)
    return Merged(together, output)


async def _as_the_part_left_it(step: Step, work: Work, part: PartRun) -> Work:
    """The work as the part saw it at its end, under the parent's lease: the workflow and the outputs are the part's."""
    async with work.services.store.read() as db:
        memos = await steps.all_(db, part.id)
    mine = {memo.key: memo.output for memo in memos if memo.state == "done" and "/" not in memo.key}
    await work.bench()  # the same one for both
    return replace(
        work,
        run=work.run.model_copy(update={"part": part.part}),
        workflow=work.workflow.part(step.id),
        outputs={**work.outputs, **mine},
    )


async def _collected(foreach: Foreach, seen: Work) -> Any:
    """What `collect` says of the item; without it what its last step handed over, as expressions see it."""
    values = await handed.values(seen)
    if foreach.collect is not None:
        output = evaluate(foreach.collect, values)
    else:
        output = values["steps"].get(name_of(foreach.steps[-1].id))
    size = len(canonical(output))
    if size > MOST_BYTES:
        raise ItemTooLarge(f"What is collected has {size:,} bytes as JSON, and at most {MOST_BYTES:,} are allowed.")
    return output


def _last_check(foreach: Foreach, seen: Work) -> tuple[Step, CheckPlan] | None:
    """The last check of the item's own that was green, with the command that it ran."""
    for step in reversed(foreach.steps):
        output = seen.outputs.get(step.id)
        if step.check is not None and step.expect == "green" and isinstance(output, Mapping) and "check" in output:
            return step, CheckPlan.model_validate(output["check"])
    return None


@dataclass(frozen=True, slots=True)
class _Conflict:
    """Two changes of the same lines, and the tree in which markers show where."""

    start: Sha
    ours: Sha
    theirs: Sha
    marked: Sha
    paths: Sequence[str]


async def _resolved(key: str, seen: Work, bench: Workbench, conflict: _Conflict) -> Sha:
    """The tree as an agent put it together.

    Raises ConflictLeft where markers of the conflict stand in it still, or where there were none (of two deletions,
    modes, pictures) and nothing was decided.
    """

    async def look() -> str:
        diff = await bench.workspace.diff(conflict.start, conflict.theirs)
        return seen.services.redactor.exact(diff.patch.decode("utf-8", "replace"))

    check = handed.pinned(seen)
    prompt = ResolvePrompt(
        repository=seen.run.repo.full_name,
        number=seen.number,
        snapshot=seen.run.snapshot,
        item=as_text(seen.run.part.item if seen.run.part is not None else None),
        diff=str(await remembered(seen, f"{key}/diff", digest("diff", conflict.start, conflict.theirs), look)),
        paths=tuple(conflict.paths),
        test_command=check.run if check is not None else None,
        protected=(await seen.policy()).policy.protected,
    )
    came = await hand_in(seen, key, RESOLVER, prompt, Resolution, writes=True, start=conflict.marked)
    tree = Sha(came.tree or conflict.marked)
    left = await _left(bench, conflict, tree)
    if left:
        raise ConflictLeft(f"Conflict markers are left in {', '.join(left)}.")
    undecided = await _undecided(bench, conflict, tree, Resolution.model_validate(came.form).kept)
    if undecided:
        raise ConflictLeft(f"Nothing was decided about {', '.join(undecided)}, where both sides changed it otherwise.")
    await seen.journal("conflict.resolved", {"step": key, "paths": list(conflict.paths), "tree": tree})
    return tree


async def _left(bench: Workbench, conflict: _Conflict, tree: Sha) -> list[str]:
    """The files with markers of a conflict in them that stood in neither side."""
    left = []
    for path in await bench.workspace.changed_paths(conflict.ours, tree):
        read = [
            await bench.workspace.read(side, path.path, FILE_LIMIT_BYTES)
            for side in (tree, conflict.ours, conflict.theirs)
        ]
        result, *sides = [content or b"" for content in read]
        if conflict_left(result, sides):
            left.append(path.path)
    return left


async def _undecided(bench: Workbench, conflict: _Conflict, tree: Sha, kept: Collection[str]) -> list[str]:
    """The paths in conflict that never had markers, are as git left them, and were not said to be right so.

    Git leaves one side there, so that to do nothing would silently drop the other one.
    """
    changed = {path.path for path in await bench.workspace.changed_paths(conflict.marked, tree)}
    silent = [path for path in conflict.paths if path not in changed and path not in kept]
    undecided = [path for path in silent if not await _had_markers(bench, conflict, path)]
    if not undecided:
        return []
    sides = (conflict.marked, conflict.ours, conflict.theirs)
    # Of a file that both sides renamed the old name is named too, and is nowhere: about it nothing can be decided.
    there = {file.path for side in sides for file in await bench.workspace.list_files(side)}
    return [path for path in undecided if path in there]


async def _had_markers(bench: Workbench, conflict: _Conflict, path: str) -> bool:
    sides = (conflict.marked, conflict.ours, conflict.theirs)
    marked, *others = [await bench.workspace.read(side, path, FILE_LIMIT_BYTES) or b"" for side in sides]
    return conflict_left(marked, others)
