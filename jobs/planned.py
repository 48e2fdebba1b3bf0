"""The plan of a run, what an approval of it binds to, and the approvals that it has."""

from collections.abc import Sequence

from core.digests import plan_digest
from core.errors import ChangeRefused
from core.names import Digest
from core.outputs import Plan
from core.runs import Approval
from jobs import approvals, handed
from jobs.approvals import Content
from jobs.considering import gate_before
from jobs.work import Work
from policies.considered import Considered
from policies.needs import needs
from policies.schema import Effective


def the_plan(work: Work) -> Plan:
    """Raises ChangeRefused where the step that makes it was skipped."""
    plan = handed.plan(work)
    if plan is None:
        raise ChangeRefused("There is no plan to approve: the step that makes one was skipped.")
    return plan


def digest_of_plan(work: Work, policy: Effective) -> Digest:
    return plan_digest(
        repository_id=work.run.repo.id,
        plan=the_plan(work).model_dump(mode="json"),
        # Without what is not there: a plan that waits keeps its digest when snapshots learn to say more.
        snapshot=work.run.snapshot.model_dump(mode="json", exclude_none=True),
        policy=policy.digest,
    )


async def approved_plan(work: Work, policy: Effective, considered: Considered) -> Sequence[Approval]:
    """The approvals of the plan that still hold, each checked with GitHub now, where the action's rules count them."""
    gate = gate_before(work, "plan")
    if gate is None or handed.plan(work) is None or not needs(policy.policy, considered.action).approved_plan:
        return ()
    asked = Content(gate, "plan", digest_of_plan(work, policy), considered=considered)
    return await approvals.standing(work, policy.policy, asked)
