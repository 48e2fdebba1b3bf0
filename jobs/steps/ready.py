"""Ready: the draft becomes a pull request that asks for a review."""

from core.effects import MarkReady, RequestReview
from core.workflow import Step
from jobs.outcomes import Done, Outcome
from jobs.people import whom_to_ask
from jobs.steps.ship import Shipped
from jobs.work import Work


async def perform(step: Step, work: Work) -> Outcome:
    shipped = Shipped.of(work, "pull request to make ready")
    await work.do("ready", MarkReady(number=shipped.number))
    person = await _reviewer(work)
    await work.do("review-request", RequestReview(number=shipped.number, login=person))
    return Done({}, f"review requested from @{person}")


async def _reviewer(work: Work) -> str:
    """Whoever asked for the work; where nobody did, whose approval would count."""
    if work.run.requester != (await work.app()).login:
        return work.run.requester
    return await whom_to_ask(work, (await work.policy()).policy, "change")
