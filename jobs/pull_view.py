"""What the text of a run's pull request is made of, gathered from the store and from what the steps handed over."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.store import costs
from core.names import SubjectKind
from core.outputs import ChangeSummary
from handlers.replies import CheckView, EvidenceView, PullView
from handlers.replies.templates import path_of_template
from handlers.replies.words import plural
from jobs import handed
from jobs.work import Work
from policies.result import Result


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
