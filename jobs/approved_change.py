"""Whether people approved a change: by the policy's rules where it has some, by its simple keys else."""

from collections.abc import Sequence

from core.runs import Approval
from jobs.approvals import Content
from jobs.considering import with_approvals
from jobs.planned import approved_plan
from jobs.work import Work
from policies.deciding import decide
from policies.evaluate import change_gate
from policies.result import Result
from policies.schema import Effective


async def change_result(work: Work, policy: Effective, asked: Content, standing: Sequence[Approval]) -> Result:
    """What policy says of this content under these approvals, each of which still holds."""
    owner = (await work.repository()).owner
    requester = work.run.requester
    simple = change_gate(policy.policy, requester=requester, approvals=standing, owner=owner, authors=asked.pushers)
    if asked.considered is None:
        return simple
    planned = await approved_plan(work, policy, asked.considered)
    known = await with_approvals(work, policy.policy, asked.considered, {"change": standing, "plan": planned})
    return decide(policy.policy, known, {"change": simple})
