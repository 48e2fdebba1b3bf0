"""The base moved under a change: the run goes back onto the base as it is now, or says why it cannot.

Where git puts both together, only what looks at a change is done again: checks, review, shipping, the gate. Where it
cannot, an agent makes one of both, if the gate says where the run goes back to; else people are told which files and
commits stand against each other, and the run waits. What was approved before counts for nothing: it is another gate,
and another digest.
"""

from core.digests import short
from core.errors import BaseMoved
from core.feedback import Conflict, Feedback
from core.names import Digest, Sha
from core.runs import Waiting
from core.states import WaitingFor
from core.workflow import Agent, Gate, Step
from core.workflow.rounds import (
    BACK_TO,
    MARK,
    MOST_IN_A_ROW,
    MOST_ROUNDS,
    SENT_BACK,
    base_of,
    in_round,
    looks_at_content,
    next_round,
    round_of,
)
from handlers import replies
from jobs import checks, feedback, narrowing, status
from jobs.outcomes import Done, Park
from jobs.steps.ship import Shipped
from jobs.steps.unmoved import MovedUnder
from jobs.work import BASE, Work
from jobs.workbench import Workbench

MOVED = "moved"
"""The key in what sent the run back that says which commit the base was at before."""
TOLD_COMMITS = replies.SHOWN_COMMITS + 1


async def onto(step: Step, work: Work, shipped: Shipped, moved: MovedUnder) -> Done | Park:
    """What a gate, or a merge, comes to whose change lies on a base that moved under it.

    What people wanted before comes first: that round finds the base moved still. Raises BaseMoved where the base holds
    all of the change by now.
    """
    for going_back in (feedback.going_back, narrowing.going_back):
        if (back := await going_back(step, work, shipped.head)) is not None:
            return back
    conflicts = moved.together.conflicts
    back_to = _agent_of(step, work) if conflicts else looks_at_content(step, work.workflow.steps)
    number = next_round(step, back_to, work.workflow.steps) if back_to is not None else 0
    tree = moved.together.marked if conflicts else moved.together.tree
    if number > MOST_ROUNDS or _in_a_row(step, work) >= MOST_IN_A_ROW:
        return await _apart(step, work, shipped, moved, "I put it there again and again, and it moved each time.")
    if back_to is None or tree is None:
        return await _apart(step, work, shipped, moved, "Both changed the same lines.")
    bench = await work.bench()
    if not await bench.workspace.changed_paths(moved.head, tree):
        raise BaseMoved(f"`{work.run.base_ref}` holds by now what this change was to bring.")
    output = {
        SENT_BACK: number,
        BACK_TO: back_to,
        "head": shipped.head,
        "tree": tree,
        BASE: moved.head,
        MOVED: work.run.base_sha,
        "since": await _since(work, bench, shipped, moved, tree),
        "feedback": _told(work, conflicts),
    }
    await work.keep_workspace(tree)
    why = f"`{work.run.base_ref}` moved under it to {moved.head[:12]}: back to `{back_to}`"
    return Done(output, why)


def _agent_of(step: Step, work: Work) -> str | None:
    """The step that the gate goes back to, where an agent writes from there on; None where none does."""
    plain = [one for one in work.workflow.steps if MARK not in one.id]
    before = plain[: next(place for place, one in enumerate(plain) if one.id == base_of(step.id)) + 1]
    gates = [one.gate for one in before if isinstance(one.gate, Gate) and one.gate.binds == "change"]
    revise = gates[-1].revise if gates else None
    if revise is None:
        return None
    way = before[next(place for place, one in enumerate(before) if one.id == revise) :]
    return revise if any(isinstance(one.action, Agent) and one.action.writes for one in way) else None


def _in_a_row(step: Step, work: Work) -> int:
    """How often this gate went back for its base, up to now, without anything else in between. Whoever approved what is
    merged has said a word in between.
    """
    count = 0
    if step.gate is not None:
        for number in range(round_of(step.id) - 1, 0, -1):
            if MOVED not in work.outputs.get(in_round(base_of(step.id), number), {}):
                break
            count += 1
    return count


def _told(work: Work, conflicts: tuple[str, ...]) -> object:
    """What the agent is told; nothing where none is asked."""
    if not conflicts:
        return None
    conflict = Conflict(base=work.run.base_ref, paths=conflicts)
    return Feedback(conflict=conflict).model_dump(mode="json")


async def _since(work: Work, bench: Workbench, shipped: Shipped, moved: MovedUnder, tree: Sha) -> str:
    """What the gate says that asks again."""
    was, now, base = work.run.base_sha, moved.head, work.run.base_ref
    if conflicts := moved.together.conflicts:
        commits = await bench.workspace.touching(was, now, conflicts, TOLD_COMMITS)
        return replies.moved_into(base, was, now, conflicts, commits)
    commits = await bench.workspace.touching(was, now, moved.touched, TOLD_COMMITS)
    same = await _own_lines(bench, was, shipped.tree) == await _own_lines(bench, now, tree)
    return replies.moved_onto(base, was, now, moved.touched, commits, same_lines=same)


async def _own_lines(bench: Workbench, base: Sha, tree: Sha) -> list[bytes]:
    """What a change takes away and brings, without the places where it does."""
    diff = await bench.workspace.diff(base, tree)
    return [line for line in diff.patch.splitlines() if line[:1] in {b"+", b"-"}]


async def _apart(step: Step, work: Work, shipped: Shipped, moved: MovedUnder, why: str) -> Park:
    """The wait for people, who are told once of each commit that the base is at when the run looks."""
    await checks.put_approval(work, shipped.head, None, None, str(moved))
    paths = moved.together.conflicts or moved.touched
    commits = await (await work.bench()).workspace.touching(work.run.base_sha, moved.head, paths, TOLD_COMMITS)
    body = replies.moved_apart(work.run.requester, work.run.base_ref, paths, commits, why)
    await work.say(f"moved:{step.id}:{short(Digest(moved.head))}", body, number=shipped.number)
    waiting = Waiting(what=WaitingFor.approval, why=str(moved), person=work.run.requester, binds="change", stuck=True)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)
