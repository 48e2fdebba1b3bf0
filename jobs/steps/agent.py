"""Agents: a role, a prompt, and a form to hand in. What they may do is decided here, not by what they say."""

from decimal import Decimal
from typing import Any

from adapters.store import costs
from core.errors import BudgetSpent, ReviewBlocked
from core.names import Sha, Value
from core.outputs import ChangeSummary, Opinion, Plan, Research, ReviewVerdict, Triage
from core.workflow import Agent, Step
from handlers.replies.words import money
from jobs import agent as agents
from jobs import handed
from jobs.memo import StepMemo
from jobs.outcomes import Done, Outcome
from jobs.work import Work
from jobs.workbench import CheckPlan
from prompts import ImplementPrompt, PlanPrompt, PromptInput, RepairPrompt, ReviewPrompt, render

FORMS: dict[str, type[Value]] = {form.__name__: form for form in (Triage, Research, Plan, Opinion, ChangeSummary)}


class HandedIn(Value):
    """What an agent handed in: its form, the tree it left, and what it took."""

    form: dict[str, Any]
    tree: Sha | None = None
    turns: int
    cost_usd: Decimal | None = None
    prompt_digest: str


async def perform(step: Step, agent: Agent, work: Work) -> Outcome:
    form = FORMS[agent.output] if isinstance(agent.output, str) else ChangeSummary
    prompt = await _prompt(agent, work)
    came = await hand_in(work, step.id, agent.role, prompt, form, writes=agent.writes)
    if form is Opinion:
        _not_blocked(Opinion.model_validate(came.form))
    why = str(came.form.get("summary", ""))
    return Done(came.model_dump(mode="json"), why.splitlines()[0][:200] if why else "")


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
) -> HandedIn:
    """What an agent hands in under this memo key. `looks`: it is given the tree to read; `writes`: also to change.
    `start` is the tree it begins with; without one, the tree as the last step left it.

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
    limits = await _limits(work)
    memo = await StepMemo.of(work, key)
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


async def _limits(work: Work) -> agents.AgentLimits:
    """What is left of the run's budget. Raises BudgetSpent where nothing is."""
    limits = (await work.policy()).policy.limits
    async with work.services.store.read() as db:
        spent = (await costs.of_run(db, work.run.id)).cost_usd or Decimal(0)
    left = Decimal(str(limits.run_cost_usd)) - spent
    if left <= 0:
        raise BudgetSpent(f"The run has spent {money(spent)}; its limit is {money(limits.run_cost_usd)}.")
    return agents.AgentLimits(turns=limits.turns, cost_usd=left, seconds=limits.run_minutes * 60)


async def _prompt(agent: Agent, work: Work) -> PromptInput:
    run, protected, check = work.run, (await work.policy()).policy.protected, handed.pinned(work)
    command = check.run if check is not None else None
    common: dict[str, Any] = {
        "repository": run.repo.full_name,
        "number": work.number,
        "snapshot": run.snapshot,
    }
    match agent.prompt:
        case "plan":
            return PlanPrompt(
                **common,
                task=run.inputs.get("task", ""),
                research=handed.research(work),
                test_command=command,
                baseline=handed.baseline(work),
                protected=protected,
            )
        case "implement":
            return ImplementPrompt(
                **common,
                plan=handed.plan(work),
                test_command=command,
                baseline=handed.baseline(work),
                protected=protected,
            )
        case "review":
            bench, tests = await work.bench(), handed.checked(work)
            diff = await bench.workspace.diff(work.run.base_sha, work.tree())
            return ReviewPrompt(
                **common,
                diff=diff.patch.decode("utf-8", "replace"),
                plan=handed.plan(work),
                checks=(tests["evidence"]["why"],) if tests is not None else (),
            )
        case _:
            raise AssertionError(agent.prompt)  # the workflow's validation knows every prompt


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
