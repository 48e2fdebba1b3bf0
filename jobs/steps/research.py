"""Research: what the code says about the issue, before anything is planned."""

from core.outputs import Research
from core.workflow import Step
from handlers.replies.words import plural
from jobs.outcomes import Done, Outcome
from jobs.steps.agent import hand_in
from jobs.work import Work
from prompts import ResearchPrompt


async def perform(step: Step, work: Work) -> Outcome:
    prompt = ResearchPrompt(
        repository=work.run.repo.full_name,
        number=work.number,
        snapshot=work.run.snapshot,
        task=str(work.run.inputs.get("task", "")),
    )
    handed = await hand_in(work, step.id, "researcher", prompt, Research, writes=False)
    return Done(handed.model_dump(mode="json"), plural(len(handed.form.get("findings", [])), "finding"))
