"""A change of which somebody wants some files alone: the run goes back and leaves the others as they are on the base.

What is left is another content with another digest. So it is tested, reviewed and shipped like any change, and its gate
asks anew: whoever named the files has approved nothing yet, since nobody saw the rest by itself.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import steps
from core.digests import digest, matches
from core.feedback import Feedback, Remark
from core.names import Sha
from core.runs import NewSignal, SignalKind
from core.workflow import Agent, Step
from core.workflow.rounds import MOST_ROUNDS, SENT_BACK, base_of, round_of, wishes_for
from handlers import replies
from jobs import handed
from jobs.approvals import Content, may_approve
from jobs.heard import Counts, Judge, refuse, reply, words_of
from jobs.outcomes import Done
from jobs.work import Work
from policies.result import Status
from policies.schema import Policy

KEEP = "keep"
"""The key in what a gate hands over that says which paths alone are left of the change."""


def judges(step: Step, work: Work, policy: Policy, asked: Content, paths: Sequence[str]) -> Mapping[SignalKind, Judge]:
    """What a gate listens for whose change has these paths: the wish for some of them alone."""

    async def keep(signal: NewSignal) -> Counts | str:
        refused = await _refused(step, work, policy, asked, paths, signal)
        if isinstance(refused, str):
            return refused
        kept = {"by": signal.actor, "paths": sorted(set(json.loads(signal.text)))}

        async def write(db: AsyncConnection) -> None:
            key, at = _key(step, signal.key), work.services.clock.now()
            await steps.finish(db, work.run.id, work.epoch, key, digest("keep", key), output=kept, cost=None, now=at)

        await reply(work, signal, replies.narrowing(sorted(set(paths) - set(kept["paths"]))))
        return Counts("taken up", write)

    return {SignalKind.keep: keep}


async def going_back(step: Step, work: Work, head: Sha) -> Done | None:
    """The outcome of a gate that sends the run back for fewer files; None where nobody wants that.

    Of two wishes the later stands. `head` is what people looked at.
    """
    said = await work.memos(_key(step, ""))
    if not said or step.gate is None or not isinstance(said[-1].output, dict):
        return None
    kept = said[-1].output
    told = Remark(author=kept["by"], text="Of this change only these files: " + ", ".join(kept["paths"]))
    output = {
        SENT_BACK: round_of(step.id) + 1,
        "head": head,
        "feedback": Feedback(remarks=(told,)).model_dump(mode="json"),
        KEEP: kept["paths"],
        "back_to": step.gate.revise,
    }
    return Done(output, f"@{kept['by']} wants only {len(kept['paths'])} of the files: back to `{step.gate.revise}`")


async def narrowed(step: Step, work: Work) -> tuple[Mapping[str, Any], Sha] | None:
    """What the step hands over instead of an agent's work: the form of the change as it was, and the tree with only
    the wanted files changed. None where the run did not come back to this step for that.
    """
    output = wishes_for(step.id, work.workflow.steps, work.outputs)
    if output is None or KEEP not in output or output["back_to"] != base_of(step.id):
        return None
    made = handed.summary(work)
    if made is None:
        return None
    tree = await (await work.bench()).workspace.overlay(work.run.base_sha, work.tree(), output[KEEP])
    await work.keep_workspace(tree)
    return made.model_dump(mode="json"), tree


async def _refused(
    step: Step, work: Work, policy: Policy, asked: Content, paths: Sequence[str], signal: NewSignal
) -> str | None:
    """Why the wish does not count, which the person was told; None where it does."""
    if await words_of(work, signal) is None:
        return "refused: what asked for it is gone or was edited"
    role = await work.github.role(signal.actor)
    allowed = await may_approve(work, policy, asked, signal.actor, role)
    wanted = json.loads(signal.text)
    unknown = [path for path in wanted if path not in paths]
    if allowed.status is not Status.approved:
        await refuse(work, policy, signal, role, replies.refused(allowed))
        return f"refused: {allowed.why}"
    if not matches(signal.digest or "", asked.digest):
        why = replies.older(asked.binds, asked.digest)
    elif unknown:
        why = replies.not_in_the_change(unknown, paths)
    elif set(wanted) == set(paths):
        why = replies.every_file(asked.digest)
    elif not _can_go_back(step, work):
        why = replies.cannot_narrow(work.run.workflow)
    elif round_of(step.id) >= MOST_ROUNDS:
        why = replies.revised_too_often(MOST_ROUNDS)
    else:
        return None
    await reply(work, signal, why)
    return "refused: " + why.splitlines()[0]


def _can_go_back(step: Step, work: Work) -> bool:
    """Whether the gate goes back to the very step whose agent made the change."""
    if step.gate is None or step.gate.revise is None:
        return False
    made = next((one for one in work.workflow.steps if one.id == step.gate.revise), None)
    return made is not None and isinstance(made.action, Agent) and made.action.writes and made.goal is None


def _key(step: Step, signal: str) -> str:
    return f"{step.id}/keep:{signal}"
