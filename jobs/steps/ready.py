"""Ready: the draft becomes a pull request that asks for a review."""

from core.effects import MarkReady, RequestReview
from core.names import is_bot
from core.workflow import Step
from core.workflow.rounds import of_round
from jobs.feedback import feedback_for
from jobs.outcomes import Done, Outcome
from jobs.people import whom_to_ask
from jobs.pushers import pushers_of_change
from jobs.steps.ship import Shipped
from jobs.work import Work


async def perform(step: Step, work: Work) -> Outcome:
    shipped = Shipped.of(work, "pull request to make ready")
    await work.do("ready", MarkReady(number=shipped.number))
    person = await _reviewer(step, work)
    await work.do(of_round("review-request", step.id), RequestReview(number=shipped.number, login=person))
    return Done({}, f"review requested from @{person}")


async def _reviewer(step: Step, work: Work) -> str:
    """Whoever wanted it to be different, or asked for the work; where that was a bot, whose approval would count."""
    if (wishes := feedback_for(step, work)) is not None and wishes.remarks:
        return wishes.remarks[0].author
    if not is_bot(work.run.requester):
        return work.run.requester
    policy, pushers = (await work.policy()).policy, await pushers_of_change(work)
    return await whom_to_ask(work, policy, "change", pushers=pushers)
