"""Ready: the draft becomes a pull request that asks for a review."""

from core.effects import MarkReady, RequestReview
from core.workflow import Step
from jobs.outcomes import Done, Outcome
from jobs.steps.ship import Shipped
from jobs.work import Work


async def perform(step: Step, work: Work) -> Outcome:
    shipped = Shipped.of(work)
    await work.do("ready", MarkReady(number=shipped.number))
    await work.do("review-request", RequestReview(number=shipped.number, login=work.run.requester))
    return Done({}, f"review requested from @{work.run.requester}")
