"""Triage: can work begin? Only an actionable issue goes on; any other verdict is said, and the run is done."""

from core.outputs import Triage, Verdict
from core.states import Trigger
from core.workflow import Step
from handlers import replies
from jobs.outcomes import Done, End, Outcome
from jobs.steps.agent import hand_in
from jobs.work import Work
from prompts import TriagePrompt


async def perform(step: Step, work: Work) -> Outcome:
    prompt = TriagePrompt(repository=work.run.repo.full_name, number=work.number, snapshot=work.run.snapshot)
    handed = await hand_in(work, step.id, "triager", prompt, Triage, writes=False, looks=False)
    triage = Triage.model_validate(handed.form)
    if triage.verdict is Verdict.actionable:
        return Done(handed.model_dump(mode="json"), f"{triage.kind}: {triage.summary}")
    await work.say("triage", replies.triaged(triage))
    return End(Trigger.finish, f"{triage.verdict}: {triage.summary}", code=triage.verdict)
