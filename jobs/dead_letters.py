"""What an operator does about a dead letter: have the item done again while its list is open, or put it away."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import dead_letters, parts, runs, steps
from adapters.store.dead_letters import Letter, Settled
from core.errors import BotError
from core.names import RunId
from core.runs import Part
from core.states import TERMINAL
from jobs.parts import begin, new_part
from jobs.steps.foreach import CLOSED


class LetterSettled(BotError):
    """Somebody did something about the dead letter already."""

    code = "letter-settled"

    def remedy(self) -> str:
        return "`pullwright runs dead-letters list` shows those about which nobody did anything."


class TooLate(BotError):
    """The run that the item belongs to is over, or went on without it."""

    code = "too-late"

    about = "what the run is about"

    def __init__(self, message: str, letter: Letter) -> None:
        super().__init__(message)
        self.about = f"{letter.repo.full_name}{letter.subject}"

    def remedy(self) -> str:
        again = f"Comment `/retry` on {self.about}: a new run does all of it"
        return f"{again}; or `pullwright runs dead-letters drop` this one."


async def retry(db: AsyncConnection, letter: Letter, run_id: RunId, at: datetime) -> RunId:
    """Begin `run_id` for the item, in one transaction with what it rests on; it comes back after all others.

    The parent's row is held meanwhile: its list is closed under the same lock, so an item is either waited for or
    refused here. Raises LetterSettled or TooLate.
    """
    if letter.parent_id is None or letter.part is None or letter.part.whole:
        raise TooLate(f"Run {letter.run_id} was given up as a whole, and is over.", letter)
    await runs.lock(db, letter.parent_id)
    parent, failed = await runs.require(db, letter.parent_id), letter.part
    if parent.state in TERMINAL:
        raise TooLate(f"Run {parent.id}, which item {failed.index} belongs to, is over.", letter)
    if await steps.get(db, parent.id, f"{failed.step}/{CLOSED}") is not None:
        raise TooLate(f"Run {parent.id} went on without item {failed.index}.", letter)
    await _settle(db, letter, Settled.retried, at)
    known = [one.part.attempt for one in await parts.of_step(db, parent.id, failed.step) if _same(one.part, failed)]
    again = failed.model_copy(update={"attempt": max(known, default=0) + 1})
    (begun,) = await begin(db, [new_part(run_id, parent, again, at)])
    return begun


async def drop(db: AsyncConnection, letter: Letter, at: datetime) -> None:
    """Put the letter away: it is not listed any more. Raises LetterSettled."""
    await _settle(db, letter, Settled.dropped, at)


async def _settle(db: AsyncConnection, letter: Letter, how: Settled, at: datetime) -> None:
    if not await dead_letters.settle(db, letter.run_id, how, at):
        raise LetterSettled(f"The dead letter about run {letter.run_id} was {letter.settled or 'settled'} before.")


def _same(one: Part, other: Part) -> bool:
    return one.index == other.index
