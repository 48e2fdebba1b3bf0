"""Whose code lies on a run's branch beyond what the run pushed itself, as GitHub tells of it now."""

from collections.abc import Iterable

from adapters.store import signals
from core.authorship import Authorship, authorship, gaps, head_told
from core.names import Sha
from core.runs import NewSignal, SignalKind
from jobs.adopted import ADOPTED
from jobs.work import Work


async def pushes_told(work: Work) -> list[NewSignal]:
    """The pushes of others to the run's branch that webhooks told of, oldest first; any of them may be lost."""
    async with work.services.store.read() as db:
        return [one for one in await signals.of_run(db, work.run.id) if one.kind is SignalKind.pushed]


async def authors_of(work: Work, heads: Iterable[Sha]) -> Authorship:
    """Who is an author of what people pushed up to these heads of the run's branch, all of them together.

    Two requests at most where GitHub tells of every push. Raises as any read does: what is temporarily away is no gap.
    """
    shipment = work.newest("Shipment")
    if shipment is None or not (asked := list(heads)):
        return Authorship()
    theirs = {back[ADOPTED] for back in work.went_back() if ADOPTED in back}
    shipped = [one.get(key) for one in work.newest_first("Shipment") for key in ("head", "held", "final")]
    ours = {Sha(sha) for sha in shipped if sha} - theirs
    told = {head_told(one.text): one.actor for one in await pushes_told(work)}
    moves = await work.github.moves_of(shipment["branch"]) or ()
    commits = None
    if any(gaps(head, ours, moves) for head in asked):
        commits = await work.github.commits_of(shipment["number"])
    found = [authorship(head, ours, moves, told, commits) for head in asked]
    return Authorship(
        pushed=tuple(dict.fromkeys(who for one in found for who in one.pushed)),
        wrote=tuple(dict.fromkeys(who for one in found for who in one.wrote)),
        unpushed=tuple(dict.fromkeys(sha for one in found for sha in one.unpushed)),
        nobodys=tuple(dict.fromkeys(sha for one in found for sha in one.nobodys)),
        told=all(one.told for one in found),
    )
