"""What people are told who ask what would happen."""

from decimal import Decimal

from core.workflow import Workflow
from core.workflow.in_words import in_words
from handlers.neutralise import code, line
from handlers.replies.words import block, money
from policies.result import Result
from policies.schema import Policy, Wait


def no_such_workflow(name: str) -> str:
    return f"There is no workflow {code(name)} here. `/help` lists those that a command starts."


def rehearsed(workflow: Workflow, policy: Policy, may: Result, usual: Decimal | None) -> str:
    """What a run would do, in order, who would be asked, and what it may cost. Nothing of it has happened."""
    steps = "\n".join(
        f"{number}. **{line(step.name or step.id)}**: {line(in_words(step))}"
        + (f" (if {code(step.when)})" if step.when is not None else "")
        for number, step in enumerate(workflow.steps, 1)
    )
    paid = (
        f"such runs cost {money(usual)} here on average" if usual is not None else "no such run was paid for here yet"
    )
    waits = {
        Wait.always: "A plan always waits for an approval.",
        Wait.when_risky: "A plan waits for an approval where it is risky.",
        Wait.never: "A plan waits for nobody.",
    }[policy.plan.wait]
    merged = "by the bot" if policy.merge == "bot" else "by a person"
    return block(
        f"**`{workflow.name}` would do this; nothing was started.**",
        steps,
        f"{waits} A change is merged {merged}.",
        f"**Cost**: {paid}; at most {money(policy.limits.run_cost_usd)}.",
        f"You: {may.why}",
    )
