"""What the database alone tells of a run, for a decision that is only played through."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.names import Role
from core.runs import Approval, Run, Step
from jobs.considering import OUR_SIDE
from policies.considered import Considered

ELSEWHERE = "only GitHub knows, and it was not asked"
"""Why a fact is missing that no database holds."""


def facts_of(run: Run, memos: Sequence[Step], given: Sequence[Approval], over: Mapping[str, Any]) -> Considered:
    """The facts about the run as it was last written down. What is laid `over` it counts instead.

    The plan and the shipped change are told by their shapes, as a run of any workflow leaves them.
    """
    outputs = [memo.output for memo in memos if memo.state == "done" and isinstance(memo.output, dict)]
    shipped = next((one for one in reversed(outputs) if {"number", "branch", "head", "paths"} <= one.keys()), None)
    plan = next((one for one in reversed(outputs) if {"steps", "files", "questions"} <= one.keys()), None)
    paths = [one["path"] for one in shipped["paths"]] if shipped else list(plan["files"]) if plan else None
    action = "merge" if shipped else "plan"
    of_plan = {memo.key for memo in memos if isinstance(memo.output, dict) and "approved_by" in memo.output}
    newest = {approval.gate: approval.digest for approval in given}
    told: dict[str, list[dict[str, Any]]] = {"plan": [], "change": []}
    for approval in given:
        if approval.digest == newest[approval.gate]:
            binds = "plan" if approval.gate in of_plan or not shipped else "change"
            role = approval.role if approval.role in set(Role) else Role.none.value
            told[binds].append({"by": approval.actor, "role": role, "at": approval.at, "void": approval.voided_why})
    snapshot = run.snapshot
    associations = {snapshot.author_association, *(comment.author_association for comment in snapshot.comments)}
    known: dict[str, Any] = {
        "action": action,
        "now": datetime.now(UTC),
        "repository": run.repo.full_name,
        "workflow": run.workflow,
        "requester": run.requester,
        "title": snapshot.title,
        "base": run.base_ref,
        "author": snapshot.author or None,
        "stranger_text": not associations <= OUR_SIDE,
        "questions": plan["questions"] if plan else [],
        "cost_usd": plan.get("estimate_usd") if plan else None,
        "paths": paths,
        "approvals": told,
    }
    missing = {"labels", "owners", "checks", "people", "added", "deleted", "binary"} - over.keys()
    return Considered.model_validate({**known, "failed": dict.fromkeys(sorted(missing), ELSEWHERE), **over})
