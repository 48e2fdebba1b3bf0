"""Foreach: each item of a list is a run of its own, on any worker; what they change comes back one by one.

The list is settled once, when the step begins. So many items are at work as the step allows; the run itself waits, and
every end of an item wakes it. What came of an item is written in one transaction, with the tree that has its change,
so that no death of a worker brings anything back twice. A failed item is a dead letter, and the rest goes on.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from adapters.store import dead_letters, events, parts, runs, steps
from adapters.store.carried import memo_digest
from adapters.store.parts import PartRun
from core import faults
from core.digests import digest
from core.errors import BotError, ItemsFailed, NotThere
from core.expressions import evaluate
from core.fanout import chosen
from core.names import RunId, Sha, Value
from core.runs import Part, Waiting
from core.states import TERMINAL, RunState, WaitingFor
from core.workflow import Foreach, Step
from handlers.replies.words import plural
from jobs import handed, status
from jobs.heard import hear
from jobs.memo import remembered
from jobs.outcomes import Done, Outcome, Park
from jobs.parts import alike, begin, new_part, ring_for
from jobs.steps.merge_queue import merged
from jobs.work import Work

CLOSED = "closed"
"""What is recorded beside the items once no item may begin again: `jobs.dead_letters` looks for it."""
ONLY = "only"
"""What a run is told that does failed items of another one again: the places of these. See `jobs.again`."""
BESIDES = "besides"
"""What it is told of a later list: the items that the other run went through, by their digests."""


class Settled(Value):
    """What came of one run for an item, for good."""

    run: RunId
    index: int
    attempt: int
    tree: Sha
    """What all items so far left, this one included where it is done."""
    output: Any = None
    code: str | None = None
    """Why it failed; None where it is done."""
    why: str = ""


async def perform(step: Step, foreach: Foreach, work: Work) -> Outcome:
    """Done when every item is settled. Raises ItemsFailed where more failed than the step allows."""
    items = await _items(step, foreach, work)
    settled = await _settled(step, work)
    shown = len(settled)
    while True:
        if end := await hear(work, None, {}, about="run"):
            return end
        found = await _begun(step, foreach, work, items)
        # As many as are ready, one after the other: what their ends tell is heard, and looked at, once for all of them.
        for part in _ready(found, settled):
            work.lease.interrupted()
            _bear(foreach, items, settled)
            settled.append(await _settle(step, foreach, work, part, settled[-1].tree if settled else work.tree()))
        work.lease.interrupted()
        _bear(foreach, items, settled)
        if any(part.state not in TERMINAL for part in found):
            return await _wait(step, work, items, found, settled, shown)
        if await _closed(step, work, settled):
            return _done(items, settled, work.tree())


async def _items(step: Step, foreach: Foreach, work: Work) -> dict[int, Any]:
    """The list, filtered and in order, as it was when the step began: each item by its place in it."""

    async def choose() -> Any:
        values = await handed.values(work)
        said = evaluate(foreach.items, values) if isinstance(foreach.items, str) else foreach.items
        return chosen(
            said,
            values,
            where=foreach.where,
            sort=foreach.sort,
            descending=foreach.descending,
            limit=foreach.limit,
            alike=alike(work.run),
        )

    items: list[Any] = await remembered(work, f"{step.id}/items", digest("items", step.id), choose)
    listed = dict(enumerate(items))
    if work.run.retry_of is None:
        return listed
    only, besides = [await work.memo(f"{step.id}/{told}", memo_digest(f"{step.id}/{told}")) for told in (ONLY, BESIDES)]
    if only is not None:
        return {index: listed[index] for index in only.output}
    left_out = set(besides.output) if besides is not None else set()
    return {index: item for index, item in listed.items() if digest("item", item) not in left_out}


async def _begun(step: Step, foreach: Foreach, work: Work, items: Mapping[int, Any]) -> list[PartRun]:
    """The runs of this step, after as many more were begun as there is room for."""
    async with work.services.store.read() as db:
        found = await parts.of_step(db, work.run.id, step.id)
    first = sum(part.part.attempt == 0 for part in found)
    room = foreach.max_parallel - sum(part.state not in TERMINAL for part in found)
    if room <= 0 or first == len(items):
        return found
    now, many = work.services.clock.now(), len(items) * alike(work.run)
    new = [
        new_part(
            work.services.ids.run(),
            work.run,
            Part(step=step.id, index=index, item=items[index], tree=work.tree(), alike=many),
            now,
        )
        for index in list(items)[first : first + room]
    ]
    async with work.lease.write() as db:
        begun = await begin(db, new)
        found = await parts.of_step(db, work.run.id, step.id)
    faults.point("foreach.before_bells")
    await ring_for(work.services, begun)
    return found


async def _settled(step: Step, work: Work) -> list[Settled]:
    """What came of the items so far, in the order in which they came back."""
    return [Settled.model_validate(memo.output) for memo in await work.memos(f"{step.id}/settled:")]


def _ready(found: Sequence[PartRun], settled: Sequence[Settled]) -> list[PartRun]:
    """The runs whose turn it is to come back: those that are over, up to the first that is not."""
    known = {(one.attempt, one.index) for one in settled}
    left = (part for part in found if (part.part.attempt, part.part.index) not in known)
    return list(takewhile(lambda part: part.state in TERMINAL, left))


async def _settle(step: Step, foreach: Foreach, work: Work, part: PartRun, tree: Sha) -> Settled:
    """Write down what came of the item's run: its change is in the tree from here on, or it failed."""
    at = {"run": part.id, "index": part.part.index, "attempt": part.part.attempt}
    try:
        settled = await _came_back(step, foreach, work, part, tree, at)
    except BotError as error:
        if error.retryable or isinstance(error, NotThere):
            raise
        settled = Settled(**at, tree=tree, code=error.code, why=str(error))
    if settled.tree != tree:
        await work.keep_workspace(settled.tree)
    faults.point("foreach.before_settled")
    key, now = f"{step.id}/settled:{part.part.attempt}:{part.part.index}", work.services.clock.now()
    name = "part.failed" if settled.code else "part.merged"
    facts = {"step": step.id, **settled.model_dump(mode="json", exclude={"output"})}
    async with work.lease.write() as db:
        output = settled.model_dump(mode="json")
        await steps.finish(db, work.run.id, work.epoch, key, digest("settled", key), output=output, cost=None, now=now)
        if settled.code is not None:
            await dead_letters.add(db, part.id, settled.code, settled.why, now)
        await runs.got_on(db, work.run.id, work.epoch)
        await events.append(db, work.run.id, name=name, actor="pullwright", facts=facts, at=now)
    faults.point("foreach.after_settled")
    return settled


async def _came_back(step: Step, foreach: Foreach, work: Work, part: PartRun, tree: Sha, at: dict[str, Any]) -> Settled:
    if part.state is not RunState.succeeded:
        return Settled(**at, tree=tree, code=part.ended_code or part.state, why=part.ended_why or "")
    came = await merged(step, foreach, work, part, tree)
    return Settled(**at, tree=came.tree, output=came.output)


def _last(settled: Sequence[Settled]) -> dict[int, Settled]:
    """What came of each item in the end: of several runs for it the last one counts."""
    return {one.index: one for one in sorted(settled, key=lambda one: one.attempt)}


def _bear(foreach: Foreach, items: Mapping[int, Any], settled: Sequence[Settled]) -> None:
    """Raise ItemsFailed as soon as too many failed."""
    last = _last(settled)
    failed = [one for one in last.values() if one.code is not None]
    all_failed = bool(items) and len(failed) == len(items)
    if all_failed or (foreach.max_failures is not None and len(failed) > foreach.max_failures):
        allowed = "" if all_failed else f", and {foreach.max_failures} may"
        shown = "\n".join(f"item {one.index}: {one.code}: {one.why}" for one in failed[:20])
        raise ItemsFailed(f"{len(failed)} of {plural(len(items), 'item')} failed{allowed}.", evidence=shown)


async def _wait(
    step: Step,
    work: Work,
    items: Mapping[int, Any],
    found: Sequence[PartRun],
    settled: Sequence[Settled],
    shown: int,
) -> Park:
    last = _last(settled)
    failed = sum(one.code is not None for one in last.values())
    at_work = sum(part.state not in TERMINAL for part in found)
    why = f"`{step.id}`: {len(last) - failed} of {plural(len(items), 'item')} done, {failed} failed, {at_work} at work."
    waiting = Waiting(what=WaitingFor.parts, why=why)
    tenth = max(1, len(items) // 10)
    if not settled or len(settled) // tenth > shown // tenth:
        # Nobody needs to see every one of them, and GitHub counts the edits.
        await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def _closed(step: Step, work: Work, settled: Sequence[Settled]) -> bool:
    """Close the list: nobody can have a failed item done again after it. False: somebody just did."""
    now, key = work.services.clock.now(), f"{step.id}/{CLOSED}"
    faults.point("foreach.before_closed")
    async with work.lease.write() as db:
        if len(await parts.of_step(db, work.run.id, step.id)) != len(settled):
            return False
        await steps.finish(db, work.run.id, work.epoch, key, digest(CLOSED, key), output=True, cost=None, now=now)
    return True


def _done(items: Mapping[int, Any], settled: Sequence[Settled], start: Sha) -> Done:
    last = _last(settled)
    done = [last[index] for index in sorted(last) if last[index].code is None]
    failed = [last[index] for index in sorted(last) if last[index].code is not None]
    tree = settled[-1].tree if settled else start
    output = {
        "count": len(items),
        "done": len(done),
        "failed": len(failed),
        "items": [{"index": one.index, "item": items[one.index], "output": one.output} for one in done],
        "failures": [
            {"index": one.index, "item": items[one.index], "code": one.code, "why": one.why} for one in failed
        ],
        **({"tree": tree} if tree != start else {}),
    }
    told = f", {len(failed)} failed" if failed else ""
    return Done(output, f"{len(done)} of {plural(len(items), 'item')} done{told}")
