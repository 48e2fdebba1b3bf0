"""What people are shown of a run, gathered from the store: the status comment and the text of the pull request."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import costs, events, steps
from core.errors import DocumentInvalid
from core.names import SubjectKind
from core.outputs import ChangeSummary
from core.runs import Run, Step, Waiting
from core.states import RunState, Trigger, target
from core.workflow import parse
from core.workflow.rounds import unrolled
from handlers import replies
from handlers.replies import CheckView, EvidenceView, PullView, RunView, StepView
from handlers.replies.progress import StepState
from handlers.replies.templates import path_of_template
from handlers.replies.words import plural
from jobs import handed
from jobs.work import UNDONE, Work
from policies.result import Result


async def show(work: Work, *, current: str, waiting: Waiting | None = None) -> None:
    """Bring the run's status comment up to date; a part of another run has none, and asks for nothing."""
    if work.silent:
        return
    limit = float(await work.limit_usd())
    async with work.services.store.read() as db:
        memos = await steps.but_of_items(db, work.run.id)
        view = await view_of(db, work.run, memos, limit_usd=limit, current=current, waiting=waiting)
    await work.show(replies.status_comment(view))


async def view_of(
    db: AsyncConnection,
    run: Run,
    memos: Sequence[Step],
    *,
    limit_usd: float,
    current: str | None = None,
    waiting: Waiting | None = None,
    ended: Trigger | None = None,
    why: str = "",
) -> RunView:
    """The run as it stands: with `waiting` the current step waits, with `ended` the run is over."""
    totals = await costs.of_run(db, run.id)
    journal = await events.of_run(db, run.id)
    notes = {str(e.facts["step"]): str(e.facts["why"]) for e in journal if e.name == "step.finished"}
    state = target(ended) if ended else RunState.waiting if waiting else RunState.running
    if current is None:
        current = next((memo.key for memo in memos if memo.state == "started"), None)
    return RunView(
        run=run.id,
        workflow=run.workflow,
        state=state,
        steps=_steps(_named_steps(run, memos), {m.key: m for m in memos}, notes, current, state),
        cost_usd=totals.cost_usd or Decimal(0),
        unpriced=totals.unpriced_calls > 0,
        limit_usd=limit_usd,
        why=why or (waiting.why if waiting else ""),
        pull_number=run.pull_number,
    )


def _steps(
    shown: Sequence[tuple[str, str]],
    memos: Mapping[str, Step],
    notes: Mapping[str, str],
    current: str | None,
    state: RunState,
) -> list[StepView]:
    views = []
    for step_id, name in shown:
        memo = memos.get(step_id)
        if memo is not None and memo.state == "done":
            undone = UNDONE & memo.output.keys() if isinstance(memo.output, dict) else set()
            came_to: StepState = "skipped" if "skipped" in undone else "failed" if "failed" in undone else "done"
            views.append(StepView(name, came_to, notes.get(step_id, "")))
        elif step_id != (current or "").partition(".")[0]:
            views.append(StepView(name, "todo"))
        elif state is RunState.running:
            views.append(StepView(name, "doing"))
        elif state is RunState.waiting:
            views.append(StepView(name, "waiting"))
        else:
            views.append(StepView(name, "done" if state is RunState.succeeded else "failed"))
    return views


def _named_steps(run: Run, memos: Sequence[Step]) -> Sequence[tuple[str, str]]:
    """The steps of the workflow, by id and by what people are shown; where this version of ours cannot read its text
    any more, those that were begun.

    A run must be able to end, and to say so, whatever its text has become to us.
    """
    try:
        done = {memo.key: memo.output for memo in memos if memo.state == "done"}
        found = unrolled(parse(run.workflow_text, run.workflow).steps, done)
        return [(step.id, step.name or step.id) for step in found]
    except DocumentInvalid:
        return [(memo.key, memo.key) for memo in memos if "/" not in memo.key]


async def pull_view(work: Work, summary: ChangeSummary, allowed: Result, *, closes: bool = True) -> PullView:
    """What the text of the pull request is made of. `closes`: merging it closes the issue."""
    async with work.services.store.read() as db:
        totals = await costs.of_run(db, work.run.id)
    tests, opinion = handed.checked(work), handed.opinion(work)
    checks = [CheckView("pullwright/policy", ok=None if allowed.pending else allowed.approved, why=allowed.why)]
    if tests is not None:
        repairs = tests["repairs"]
        mended = f", after {plural(repairs, 'repair')}" if repairs else ""
        checks.insert(0, CheckView("pullwright/tests", ok=True, why=f"`{tests['check']['run']}` passes{mended}"))
    if opinion is not None:
        checks.append(CheckView("pullwright/review", ok=opinion.verdict == "approve" or None, why=f"{opinion.verdict}"))
    return PullView(
        issue=work.number,
        closes=closes and work.run.subject.kind is SubjectKind.issue,
        run=work.run.id,
        workflow=work.run.workflow,
        requester=work.run.requester,
        summary=summary,
        plan=handed.plan(work),
        evidence=evidence(tests) if tests is not None else EvidenceView(),
        checks=checks,
        opinion=opinion,
        policy=allowed,
        cost_usd=totals.cost_usd or Decimal(0),
        unpriced=totals.unpriced_calls > 0,
        template=await _template(work),
    )


async def _template(work: Work) -> str:
    """The repository's own template of a pull request, as it is on the base; empty where it has none."""
    bench = await work.bench()
    path = path_of_template(await bench.files())
    return (await bench.read_texts([path])).get(path, "") if path is not None else ""


def evidence(tests: Mapping[str, Any]) -> EvidenceView:
    """The evidence of a check's output, for people."""
    found = tests["evidence"]
    return EvidenceView(files=found["files"], base=found["base"], head=found["head"])
