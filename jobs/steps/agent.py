"""Agents: a role, a prompt, and a form to hand in. What they may do is decided here, not by what they say."""

import math
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, create_model

from adapters.store import costs, parts
from core.digests import digest
from core.errors import GoalMissed, MoneySpent, ReviewBlocked
from core.expressions import as_text, expand
from core.goals import Judgement, converged, judgement
from core.names import Sha, Value
from core.outputs import ChangeSummary, Line, Opinion, Plan, Research, ReviewVerdict, Text, Triage
from core.workflow import Agent, Goal, Step, name_of
from handlers.replies.words import money, plural
from jobs import agent as agents
from jobs import handed, narrowing
from jobs.feedback import feedback_for
from jobs.memo import StepMemo, remembered
from jobs.outcomes import Done, Outcome
from jobs.steps.run import command
from jobs.work import Work
from jobs.workbench import CheckPlan
from prompts import ImplementPrompt, PlanPrompt, PromptInput, RepairPrompt, ReviewPrompt, TaskPrompt, render

FORMS: dict[str, type[Value]] = {form.__name__: form for form in (Triage, Research, Plan, Opinion, ChangeSummary)}


FIELDS: dict[str, Any] = {
    "string": Text,
    "number": float,
    "boolean": bool,
    "list": Annotated[tuple[Line, ...], Field(max_length=200)],
}
"""What a form that a workflow names itself may ask for."""


class HandedIn(Value):
    """What an agent handed in: its form, the tree it left, and what it took."""

    form: dict[str, Any]
    tree: Sha | None = None
    turns: int
    cost_usd: Decimal | None = None
    prompt_digest: str


async def perform(step: Step, agent: Agent, work: Work) -> Outcome:
    if (kept := await narrowing.narrowed(step, work)) is not None:
        form_left, tree = kept
        left = HandedIn(form=dict(form_left), tree=tree, turns=0, prompt_digest="")
        return Done(left.model_dump(mode="json"), "the files that are left of the change")
    if step.goal is not None:
        return await _until(step.goal, step, agent, work)
    prompt, form = await _prompt(step, agent, work), form_of(agent)
    came = await hand_in(work, work.attempt(step), agent.role, prompt, form, writes=agent.writes, seconds=step.timeout)
    if agent.output == "Opinion" and work.run.snapshot.head is None:  # of somebody's pull request it is an answer
        _not_blocked(Opinion.model_validate(came.form))
    return Done(came.model_dump(mode="json"), _first_line(came))


async def _until(goal: Goal, step: Step, agent: Agent, work: Work) -> Outcome:
    """Let the agent go on from its own work until the goal is reached. Raises GoalMissed."""
    scores: list[float] = []
    told, tree = Judgement(score=0), None
    while len(scores) < goal.attempts and not converged(scores):
        key = f"{work.attempt(step)}/goal:{len(scores) + 1}"
        prompt = await _prompt(step, agent, work, gaps=told.gaps)
        came = await hand_in(
            work, key, agent.role, prompt, form_of(agent), writes=agent.writes, start=tree, seconds=step.timeout
        )
        tree = came.tree
        judged = await command(work, f"{key}/judged", goal.run, {}, tree=tree, seconds=step.timeout)
        told = judgement(judged.output)
        scores.append(told.score)
        await work.journal("goal.judged", {"step": key, "score": told.score, "gaps": list(told.gaps)})
        if told.score >= goal.threshold:
            output = {**came.model_dump(mode="json"), "score": told.score, "attempts": len(scores)}
            return Done(output, f"{told.score:g} of 100 after {plural(len(scores), 'attempt')}")
    raise GoalMissed(
        f"`{step.id}` came to {told.score:g} of the {goal.threshold:g} points that are its goal, "
        f"in {plural(len(scores), 'attempt')}.",
        evidence="\n".join(told.gaps),
    )


def form_of(agent: Agent) -> type[Value]:
    """The form that the agent hands in."""
    match agent.output:
        case None:
            return ChangeSummary
        case str() as name:
            return FORMS[name]
        case fields:
            named: dict[str, Any] = {name_of(name): (FIELDS[kind], ...) for name, kind in fields.items()}
            return create_model("Answer", __base__=Value, __doc__="What the task asks for.", **named)


def _first_line(came: HandedIn) -> str:
    said = str(came.form.get("summary", ""))
    return said.splitlines()[0][:200] if said else ""


async def hand_in(
    work: Work,
    key: str,
    role: str,
    prompt: PromptInput,
    form: type[Value],
    *,
    writes: bool = False,
    looks: bool = True,
    start: Sha | None = None,
    seconds: int | None = None,
) -> HandedIn:
    """What an agent hands in under this memo key. `looks`: it is given the tree to read; `writes`: also to change.
    `start` is the tree it begins with; without one, the tree as the last step left it. `seconds` bounds its work
    beside what policy allows.

    Goes on where an interrupted attempt stopped: at the tree of its last checkpoint, with every reply remembered.
    """
    rendered = render(prompt)
    assignment = agents.Assignment(
        run_id=work.run.id,
        step_key=key,
        role=role,
        system=rendered.system,
        user=rendered.user,
        output=form,
        writes=writes,
    )
    limits = await _limits(work, seconds)
    memo = await StepMemo.of(work, key)
    if work.silent:
        memo.shared_usd = await work.limit_usd()
    if not looks:
        handover = await agents.work(
            assignment, model=work.services.model, box=None, memo=memo, limits=limits, clock=work.services.clock
        )
        tree = None
    else:
        bench = await work.bench()
        await bench.stand_at(memo.checkpointed or start or work.tree())
        async with bench.box() as box:
            handover = await agents.work(
                assignment, model=work.services.model, box=box, memo=memo, limits=limits, clock=work.services.clock
            )
        tree = await bench.snapshot() if writes else None
        if tree is not None:
            await work.keep_workspace(tree)
    return HandedIn(
        form=handover.output.model_dump(mode="json"),
        tree=tree,
        turns=handover.turns,
        cost_usd=handover.usage.cost_usd,
        prompt_digest=rendered.digest,
    )


async def _limits(work: Work, seconds: int | None) -> agents.AgentLimits:
    """What is left of the run's budget, which its parts share with it. Raises MoneySpent where nothing is."""
    limits, allowed = (await work.policy()).policy.limits, await work.limit_usd()
    async with work.services.store.read() as db:
        spent = (await costs.of_run(db, await parts.whole(db, work.run.id))).cost_usd or Decimal(0)
    if spent >= allowed:
        raise MoneySpent(f"The run has spent {money(spent)}; its limit is {money(allowed)}.")
    most = min(limits.run_minutes * 60, seconds or math.inf)
    return agents.AgentLimits(turns=limits.turns, cost_usd=allowed - spent, seconds=most)


async def _prompt(step: Step, agent: Agent, work: Work, gaps: tuple[str, ...] = ()) -> PromptInput:
    run, protected, check = work.run, (await work.policy()).policy.protected, handed.pinned(work)
    tests, wishes = check.run if check is not None else None, feedback_for(step, work)
    common: dict[str, Any] = {
        "repository": run.repo.full_name,
        "number": work.number,
        "snapshot": run.snapshot,
    }
    match agent.prompt:
        case "plan":
            return PlanPrompt(
                **common,
                task=str(run.inputs.get("task", "")),
                research=handed.research(work),
                feedback=wishes,
                previous=handed.plan(work) if wishes is not None else None,
                test_command=tests,
                baseline=handed.baseline(work),
                protected=protected,
            )
        case "implement":
            return ImplementPrompt(
                **common,
                gaps=gaps,
                feedback=wishes,
                plan=handed.plan(work),
                test_command=tests,
                baseline=handed.baseline(work),
                protected=protected,
            )
        case "review":
            checked = handed.checked(work)
            return ReviewPrompt(
                **common,
                diff=await patch(f"{work.attempt(step)}/diff", work, work.tree()),
                plan=handed.plan(work),
                checks=(checked["evidence"]["why"],) if checked is not None else (),
            )
        case None:
            values = await handed.values(work)
            return TaskPrompt(
                **common,
                role=agent.role,
                task=agent.task or "",
                writes=agent.writes,
                given=tuple((name, as_text(expand(value, values))) for name, value in step.given.items()),
                gaps=gaps,
                feedback=wishes if agent.writes else None,
                test_command=tests,
                baseline=handed.baseline(work),
                protected=protected,
            )


async def patch(key: str, work: Work, tree: Sha) -> str:
    """What differs from the base, as a prompt shows it, recorded under this key: the prompt can be made again."""

    async def look() -> str:
        bench = await work.bench()
        diff = await bench.workspace.diff(await bench.branched_off(), tree)
        return work.services.redactor.exact(diff.patch.decode("utf-8", "replace"))

    return str(await remembered(work, key, digest("diff", work.run.base_sha, tree), look))


async def repair_prompt(
    work: Work, check: CheckPlan, *, output: str, diff: str, attempt: int, attempts: int
) -> RepairPrompt:
    return RepairPrompt(
        repository=work.run.repo.full_name,
        number=work.number,
        snapshot=work.run.snapshot,
        plan=handed.plan(work),
        check=check.name,
        command=check.run,
        output=output,
        attempt=attempt,
        attempts=attempts,
        diff=diff,
        protected=(await work.policy()).policy.protected,
    )


def _not_blocked(opinion: Opinion) -> None:
    if opinion.verdict is ReviewVerdict.block:
        findings = "\n".join(f"{f.path}:{f.line or ''} {f.note}" for f in opinion.findings)
        raise ReviewBlocked(
            "The reviewer says that this change must not ship.", evidence=f"{opinion.summary}\n{findings}"
        )
