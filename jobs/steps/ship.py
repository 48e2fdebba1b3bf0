"""Ship: commit what was tested, push it to the run's own branch, open the pull request and its checks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from adapters.store import effects
from core.digests import ChangedPath, change_digest, digest
from core.effects import EditPull, OpenPull, PushBranch
from core.errors import ChangeRefused
from core.expressions import as_text, expand
from core.names import Digest, Sha, Value
from core.outputs import ChangeSummary
from core.workflow import Ship, Step
from core.workflow.rounds import of_round, round_of
from core.workspaces import Author
from handlers import replies
from handlers.neutralise import line
from jobs import (
    adopted,
    checks,
    conflicts,
    drift,
    exposed,
    feedback,
    handed,
    onboarding,
    scope,
    shipping,
    signing,
    unpushed,
)
from jobs.feedback import sent_back_at
from jobs.memo import remembered
from jobs.outcomes import Done, End, Outcome, Park
from jobs.own_branch import branch_name
from jobs.plan_decision import still_open
from jobs.pull_view import pull_view
from jobs.unpushed import Unpushed
from jobs.work import Work
from jobs.workbench import Workbench
from policies.evaluate import change_allowed
from policies.exposure import Hold
from policies.render import markdown
from policies.result import Result
from policies.schema import Policy


class Shipped(Value):
    """What was shipped: the commit, the branch it is on, and the pull request."""

    number: int
    node_id: str
    url: str
    draft: bool
    branch: str
    head: Sha
    tree: Sha
    title: str
    message: str
    paths: tuple[ChangedPath, ...]
    waits: str = ""
    """What in it somebody must look at, in words; nothing where policy finds it as expected."""
    held: Sha | None = None
    """The commit whose marker keeps CI quiet until people have approved; None where nothing is held, or was."""
    final: Sha | None = None
    """The same tree without the marker, which replaces it then. `message` is this one's, so approvals cover it."""
    ci: Result | None = None
    """What policy says of the repository's CI; None where there is nothing to say."""
    awaits_ci: bool = False
    """Whether CI may start, so that a merge by the bot waits for it."""
    quiet: str = ""
    """What of CI will not start once people have approved, and what helps; empty where nothing is like that."""
    signed: bool = False
    """Whether GitHub made and signed every commit of it."""

    @classmethod
    def of(cls, work: Work, without: str) -> "Shipped":
        """What the newest `ship` left.

        Raises ChangeRefused where it was skipped by its own `when`; `without` is what there is none of then.
        """
        shipment = work.newest("Shipment")
        if shipment is None:
            raise ChangeRefused(f"There is no {without}: the step that ships was skipped.")
        return cls.model_validate(shipment)

    def digest(self, work: Work, policy: Digest) -> Digest:
        """What an approval of this change binds to, under the policy in force."""
        return change_digest(
            repository_id=work.run.repo.id,
            base_ref=work.run.base_ref,
            message=self.message,
            policy=policy,
            paths=self.paths,
        )


async def perform(step: Step, ship: Ship, work: Work) -> Outcome:
    if work.run.snapshot.head is not None:
        raise ChangeRefused(f"The run works with the head of {work.run.subject}, which is not ours to ship.")
    bench = await work.bench()
    tree = work.tree()
    policy = await work.policy()
    paths = await bench.workspace.changed_paths(work.run.base_sha, tree)
    if left := await conflicts.unresolved(work, bench, tree):
        raise ChangeRefused(f"Markers of a merge were left in {', '.join(left[:5])}.")
    branch = branch_name(work)
    seen = await exposed.look(work, bench, policy.policy, branch, [path.path for path in paths])
    allowed = await judge(work, bench, policy.policy, tree, paths, exposed.told(seen))
    if allowed.refused:
        raise ChangeRefused(allowed.why, evidence=markdown(allowed))
    if (waits := await still_open(step, work, policy)) is not None:
        return waits
    await shipping.may_ship(work, policy, tree, paths)
    if (waits := await scope.taken(step, work, [path.path for path in paths])) is not None:
        return waits
    if (waits := await shipping.one_more(step, work, policy.policy.limits.open_pull_requests)) is not None:
        return waits
    summary = await summary_of(ship, work)
    author = await signing.author(step, work)
    message = await _message(work, bench, summary, author, policy.policy)
    # The time of the run, not of this attempt: the same change is the same commit, also after a crash. Another round
    # makes another one, or its checks would be those of the one before.
    at = work.run.created_at + timedelta(seconds=round_of(step.id) - 1)
    theirs, behind = adopted.as_pushed(work, tree), adopted.parents(work)
    final = theirs or await bench.workspace.commit(tree, behind, message, author, at)
    await work.keep_workspace(final)
    holding = Hold.nothing if theirs else await _holding(step, work, seen)  # what they pushed started CI already
    if holding is Hold.unpushed:
        offered = Unpushed(summary=summary, message=message, tree=tree, head=final, paths=paths, seen=seen.exposure)
        if isinstance(asked := await unpushed.approved(step, work, policy, offered), End | Park):
            return asked
    signs = theirs is None and await signing.wanted(step, work, policy.policy, branch)
    marked = partial(bench.workspace.commit, tree, behind, author=author, when=at)
    held = await _marked(work, marked, message, signs=signs) if holding is Hold.marker else None
    final = await signing.shipped_as(work, final, message, signs=signs)
    head = held or final
    first = onboarding.made(work)
    expected = sent_back_at(step, work) or (first.leftover if first is not None else None)
    await work.do(of_round("push", step.id), PushBranch(branch=branch, sha=head, expected=expected))
    title = replies.pull_title(summary)
    view = await pull_view(work, summary, allowed, closes=ship.closes)
    told_ci = replies.ci_held(seen.exposure.result, work.run.base_ref, seen.quiet) if held else ""
    body = replies.pull_body(replace(view, ci=told_ci))
    opening = OpenPull(branch=branch, base=work.run.base_ref, title=title, body=body, draft=ship.draft)
    opened = await _opened(step, work, opening)
    shipped = Shipped(
        number=opened["number"],
        node_id=opened["node_id"],
        url=opened["url"],
        draft=opened["draft"],
        branch=branch,
        head=head,
        tree=tree,
        title=title,
        message=message,
        paths=paths,
        waits=allowed.why if allowed.pending else "",
        held=held,
        final=final if held is not None else None,
        ci=exposed.told(seen),
        awaits_ci=seen.awaited if held else seen.exposure.starts,
        quiet=seen.quiet if held else "",
        signed=signs and behind == (work.run.base_sha,),
    )
    await work.pulled(shipped.number)
    await _put_checks(work, head, allowed)
    await feedback.answer(step, work, shipped.number, head, summary.summary)
    return Done(shipped.model_dump(mode="json"), f"#{shipped.number} from `{branch}`")


async def _marked(work: Work, commit: Callable[..., Awaitable[Sha]], message: str, *, signs: bool) -> Sha:
    """The commit that keeps CI quiet. `commit` makes one of the content from a message."""
    said = replies.held_message(message)
    made = await commit(message=said)
    await work.keep_workspace(made)
    return await signing.shipped_as(work, made, said, signs=signs)


async def _opened(step: Step, work: Work, opening: OpenPull) -> Mapping[str, Any]:
    """The pull request as it was opened; in a later round that of the earlier one, with the text of this round."""
    before = work.newest("Shipment")
    if before is None:
        return await work.do("pull", opening)
    await _say_anew(step, work, before["number"], opening.body)
    return before


async def _put_checks(work: Work, head: Sha, allowed: Result) -> None:
    """What was found of this content, on the commit that is shown: the tests, policy, and the reviewer's opinion."""
    if (tests := handed.checked(work)) is not None:
        await checks.put_tests(work, head, tests)
    await checks.put_policy(work, head, allowed)
    if (opinion := handed.opinion(work)) is not None:
        await checks.put_review(work, head, opinion)


async def _say_anew(step: Step, work: Work, number: int, body: str) -> None:
    """Let the text of the pull request say what this round brings, where it is still ours."""
    names = [of_round("pull-text", f"ship~{earlier}") for earlier in range(round_of(step.id) - 1, 1, -1)]
    async with work.services.store.read() as db:
        told = [effect.act for name in (*names, "pull") if (effect := await effects.get(db, work.key(name)))]
    was = next(act.body for act in told if isinstance(act, EditPull | OpenPull))
    await work.do(of_round("pull-text", step.id), EditPull(number=number, was=was, body=body))


async def _holding(step: Step, work: Work, seen: exposed.Seen) -> Hold:
    """What is held, as it was first decided: what was pushed once stays what it was, whatever policy says since."""

    async def decide() -> str:
        return seen.hold.value

    return Hold(await remembered(work, f"{step.id}/ci", digest("ci", work.run.base_sha), decide))


async def summary_of(ship: Ship, work: Work) -> ChangeSummary:
    """How the change is called: by the workflow where it says so, else by the agent that made it."""
    said = handed.summary(work)
    if ship.title is None:
        if said is None:
            raise ChangeRefused("The change has no title: the step that makes it was skipped.")
        return said
    values = await handed.values(work)
    title = line(as_text(expand(ship.title, values)), 72)
    summary = as_text(expand(ship.summary or "", values))
    return ChangeSummary(title=title, summary=summary, kind=said.kind if said is not None else "chore")


async def judge(
    work: Work,
    bench: Workbench,
    policy: Policy,
    tree: Sha,
    paths: tuple[ChangedPath, ...],
    ci: Result | None,
    *,
    since: Sha | None = None,
) -> Result:
    """Whether policy allows this content, or asks somebody to look at it. `ci` is told besides, and decides nothing.

    What is counted is what differs from the base, or `since` another commit.
    """
    diff = await bench.workspace.diff(since or work.run.base_sha, tree)
    allowed = change_allowed(
        policy,
        paths=paths,
        additions=diff.additions,
        deletions=diff.deletions,
        bytes_=await bench.size(tree, paths),
        binary_paths=diff.binary,
        secrets=await bench.secrets(tree, paths),
        seen=await drift.look(work, bench, tree, paths),
        ours=onboarding.ours(work, paths),
    )
    return replace(allowed, children=(*allowed.children, *([ci] if ci is not None else [])))


async def _message(work: Work, bench: Workbench, summary: ChangeSummary, author: Author, policy: Policy) -> str:
    """The commit message after the repository's habit, with the trailers that only code writes."""
    sign_off = f"{author.name} <{author.email}>" if await signing.signs_off(bench, policy) else None
    return replies.commit_message(
        kind=summary.kind,
        title=summary.title,
        summary=summary.summary,
        run=work.run.id,
        workflow=work.run.workflow,
        habit=await bench.workspace.recent_subjects(20),
        sign_off=sign_off,
    )
