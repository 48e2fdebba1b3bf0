"""Gates: whether a plan or a change may go on, and what it waits for.

A gate counts the approvals it is given. That each of them binds to the digest in question, and that its comment still
stands as it was written, is the caller's to know.
"""

from collections.abc import Collection, Sequence

from core.names import Role
from core.outputs import Plan
from core.runs import Approval
from policies.globs import matching
from policies.people import GateName, counted_in_words, may_approve, people_of
from policies.result import Fact, Result, Status, all_of
from policies.schema import Policy, Wait
from policies.words import named


def plan_gate(
    policy: Policy,
    *,
    plan: Plan,
    estimate_usd: float | None,
    requester: str,
    stranger_text: bool,
    approvals: Sequence[Approval],
    owner: str,
) -> Result:
    """Whether the plan may be carried out: approved, because a person said so or because nothing asks for one.

    `estimate_usd` is None where the model's price is not known: that counts as over any limit.
    """
    reasons = waiting_reasons(policy, plan=plan, estimate_usd=estimate_usd, stranger_text=stranger_text)
    if not reasons:
        why = "It opens by itself, because " + _opens_because(policy, plan, estimate_usd)
        return Result("plan", Status.approved, why, (Fact("files", plan.files),))
    counted = _approvals(policy, "plan", requester, approvals, owner)
    why = counted.why if counted.approved else " ".join([*(reason.why for reason in reasons), counted.why])
    return Result("plan", counted.status, why, children=(*reasons, counted), remedy=counted.remedy)


def change_gate(
    policy: Policy, *, requester: str, approvals: Sequence[Approval], owner: str, authors: Collection[str] = ()
) -> Result:
    """Whether people approved exactly this change, as many as the policy asks for. `authors` made some of it."""
    return all_of("change", [_approvals(policy, "change", requester, approvals, owner, authors)])


def waiting_reasons(
    policy: Policy, *, plan: Plan, estimate_usd: float | None, stranger_text: bool
) -> tuple[Result, ...]:
    """Why this plan waits for a person, one pending result for each reason; none: it opens by itself."""
    asks = policy.plan
    if asks.wait is Wait.never:
        return ()
    if asks.wait is Wait.always:
        return (Result("always", Status.pending, f"Under the policy `{policy.policy}` every plan waits for a person."),)
    found: list[Result] = []
    if asks.files_over is not None and len(plan.files) > asks.files_over:
        why = f"The plan touches {len(plan.files)} files; over {asks.files_over} it waits."
        found.append(Result("files", Status.pending, why, (Fact("files", plan.files),)))
    if risky := matching(plan.files, asks.risky):
        found.append(
            Result("risky paths", Status.pending, f"It touches {named(risky)}.", (Fact("paths", tuple(risky)),))
        )
    if asks.cost_over_usd is not None:
        if estimate_usd is None:
            found.append(Result("cost", Status.pending, "What it will cost is not known."))
        elif estimate_usd > asks.cost_over_usd:
            why = f"It may cost ${estimate_usd:.2f}; over ${asks.cost_over_usd:.2f} it waits."
            found.append(Result("cost", Status.pending, why))
    if asks.open_questions and plan.questions:
        found.append(
            Result("questions", Status.pending, "The plan leaves questions open.", (Fact("questions", plan.questions),))
        )
    if asks.strangers and stranger_text:
        found.append(Result("strangers", Status.pending, "It rests on text by people without write access."))
    return tuple(found)


def _approvals(
    policy: Policy,
    gate: GateName,
    requester: str,
    approvals: Sequence[Approval],
    owner: str,
    authors: Collection[str] = (),
) -> Result:
    """Enough people said yes: pending until they did, one child for each approval that was given."""
    people = people_of(policy, gate)
    judged = [_one(policy, gate, requester, approval, authors) for approval in approvals]
    counted = {a.actor.casefold(): a.actor for a, result in zip(approvals, judged, strict=True) if result.approved}
    names = tuple(sorted(counted.values(), key=str.casefold))
    facts = (Fact("approved by", names), Fact("needed", (str(people.approvals),)))
    if len(counted) >= people.approvals:
        why = f"Approved by {', '.join(f'@{name}' for name in names)}."
        return Result("approvals", Status.approved, why, facts, tuple(judged))
    return Result(
        "approvals",
        Status.pending,
        f"{len(counted)} of {people.approvals} approvals given: it needs {_whom(policy, gate, owner)}.",
        facts,
        tuple(judged),
        remedy="Comment `/approve`."
        if gate == "plan"
        else "Approve the pull request in a review, or comment `/approve`.",
    )


def _one(policy: Policy, gate: GateName, requester: str, approval: Approval, authors: Collection[str]) -> Result:
    """Whether one approval counts. One that does not is skipped, not denied: it forbids nothing."""
    if approval.voided_why is not None:
        return Result(
            f"@{approval.actor}", Status.skipped, f"@{approval.actor}'s approval is void: {approval.voided_why}"
        )
    verdict = may_approve(
        policy, gate, role=_role(approval.role), actor=approval.actor, requester=requester, authors=authors
    )
    status = Status.approved if verdict.approved else Status.skipped
    why = f"@{approval.actor} approved, with the role `{approval.role}`." if verdict.approved else verdict.why
    return Result(f"@{approval.actor}", status, why, verdict.facts)


def _whom(policy: Policy, gate: GateName, owner: str) -> str:
    people = people_of(policy, gate)
    whom = f"{counted_in_words(people.approvals)} with the role `{people.from_}` or above"
    if people.from_ is Role.admin and people.approvals == 1:
        whom += f", such as @{owner}"
    return whom if people.requester_may_approve else f"{whom}, not the requester"


def _opens_because(policy: Policy, plan: Plan, estimate_usd: float | None) -> str:
    if policy.plan.wait is Wait.never:
        return f"the policy `{policy.policy}` asks nobody about plans."
    count = len(plan.files)
    parts = [f"it touches {count} file{'s' if count != 1 else ''}", "no risky path"]
    if policy.plan.cost_over_usd is not None and estimate_usd is not None:
        parts.append(f"may cost ${estimate_usd:.2f}")
    return ", ".join(parts) + f" (policy `{policy.policy}`)."


def _role(word: str) -> Role:
    """The recorded role; a word that is no role is none at all."""
    return Role(word) if word in set(Role) else Role.none
