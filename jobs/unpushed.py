"""A change that must not even be pushed before people have approved it: they see and approve it where the run speaks.

For workflows that `[skip ci]` does not stop, such as one on `pull_request_target` that checks the branch out. The whole
change is shown in one comment, and the approval binds to the same digest as at the gate behind the pull request, which
it opens too.
"""

from dataclasses import dataclass, replace

from core.digests import ChangedPath, change_digest, short
from core.errors import ChangeRefused
from core.names import Sha
from core.outputs import ChangeSummary
from core.workflow import Gate, Step
from handlers import replies
from jobs import approvals, boxes
from jobs.approvals import Content
from jobs.approved_change import change_result
from jobs.considering import consider
from jobs.outcomes import End, Park
from jobs.people import wait_for, whom_to_ask
from jobs.pushers import pushers_of_change
from jobs.shown import as_posted
from jobs.work import Work
from policies.deciding import waits_for_people
from policies.exposure import Exposure
from policies.needs import rules_decide
from policies.result import Result
from policies.rules import Action
from policies.schema import Effective

MOST_CHARACTERS = 50_000
"""Of a change that one comment can show whole."""


@dataclass(frozen=True, slots=True)
class Unpushed:
    """What would be pushed."""

    summary: ChangeSummary
    message: str
    tree: Sha
    head: Sha
    paths: tuple[ChangedPath, ...]
    seen: Exposure


async def approved(step: Step, work: Work, policy: Effective, offered: Unpushed) -> Result | End | Park:
    """An approved Result, an End where somebody rejected, or what it waits for.

    Raises ChangeRefused where the change cannot be shown as a whole: nobody approves what they cannot see.
    """
    change = change_digest(
        repository_id=work.run.repo.id,
        base_ref=work.run.base_ref,
        message=offered.message,
        policy=policy.digest,
        paths=offered.paths,
    )
    considered, pushers = None, await pushers_of_change(work)
    if rules_decide(policy.policy):
        paths = [path.path for path in offered.paths]
        considered = await consider(work, policy.policy, Action.merge, paths=paths, pushers=pushers, tree=offered.tree)
    asked = Content(_gate(work, step), "change", change, offered.head, pushers=pushers, considered=considered)
    result = await _decided(work, policy, asked)
    person = await whom_to_ask(work, policy.policy, "change", considered, pushers) if _waits(result) else None

    async def body() -> str:
        return await _shown(work, offered, asked, result, person)

    shown = await as_posted(work, f"unpushed:{short(change)}", body, replies.change_tampered(change))
    asked = replace(asked, shown_in=await work.comment_of(shown))
    if end := await approvals.apply(work, policy.policy, asked):
        await boxes.put_back(work, shown, waits=False)
        return end
    result = await _decided(work, policy, asked)
    if result.refused:
        raise ChangeRefused(result.why)
    if not _waits(result):
        await boxes.put_back(work, shown, waits=False)
        return result
    return await wait_for(work, step.id, asked, result, person, shown)


async def _decided(work: Work, policy: Effective, asked: Content) -> Result:
    return await change_result(work, policy, asked, await approvals.standing(work, policy.policy, asked))


def _waits(result: Result) -> bool:
    """Whether people are asked still. A rule may want checks besides, which nothing can bring before the push."""
    return result.pending and waits_for_people(result)


async def _shown(work: Work, offered: Unpushed, asked: Content, result: Result, person: str | None) -> str:
    bench = await work.bench()
    diff = await bench.workspace.diff(work.run.base_sha, offered.tree)
    patch = work.services.redactor.exact(diff.patch.decode("utf-8", "replace"))
    if diff.truncated or diff.binary or len(patch) > MOST_CHARACTERS:
        raise ChangeRefused(
            "The change must not be pushed before somebody approved it, and it cannot be shown whole in a comment. "
            + " ".join(child.why for child in offered.seen.result.children if child.refused)
        )
    asks = ""
    if person is not None:
        lapsed = await approvals.lapsed(work, asked)
        asks = replies.waiting(person, "change", asked.digest, result.why, lapsed=lapsed)
        asks += "\n\n" + replies.boxes(asked.digest)
    return replies.unpushed_change(offered.summary, asked.digest, offered.seen.result, patch, asks)


def _gate(work: Work, step: Step) -> str:
    """The gate behind the pull request, which binds to the same content; without one, this step."""
    gates = [
        one.id for one in work.workflow.every_step if isinstance(one.action, Gate) and one.action.binds == "change"
    ]
    return gates[-1] if gates else step.id
