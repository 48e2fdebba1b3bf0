"""What an operator does about dead letters: have the items done again, or put them away.

While their list is gone through they are done in it; afterwards a run of its own does them (`jobs.again`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import dead_letters, parts, runs, steps
from adapters.store.dead_letters import Letter, Settled
from core.clock import Ids
from core.errors import BotError
from core.names import RunId
from core.runs import Part, Run
from core.states import TERMINAL
from jobs.again import begin_again
from jobs.parts import begin, new_part
from jobs.steps.foreach import CLOSED


class LetterSettled(BotError):
    """Somebody did something about the dead letter already."""

    code = "letter-settled"

    def remedy(self) -> str:
        return "`pullwright runs dead-letters list` shows those about which nobody did anything."


class TooLate(BotError):
    """What failed is no item of a list that can be gone through again by itself."""

    code = "too-late"

    about = "what the run is about"

    def __init__(self, message: str, letter: Letter) -> None:
        super().__init__(message)
        self.about = f"{letter.repo.full_name}{letter.subject}"

    def remedy(self) -> str:
        again = f"Comment `/retry` on {self.about}: a new run does all of it"
        return f"{again}; or `pullwright runs dead-letters drop` this one."


async def retry(db: AsyncConnection, letters: Iterable[Letter], ids: Ids, at: datetime) -> dict[RunId, RunId]:
    """Begin what does these items again, in one transaction; by the run that failed, the one that does it again.

    In a list that is still gone through each item begins anew and comes back after all others. For those of a list
    that is closed one new run begins. The parents' rows are held meanwhile: a list is closed under the same lock, so
    an item is either waited for or belongs to the new run. Raises LetterSettled or TooLate, and then nothing is begun.
    """
    lists: dict[tuple[RunId, str], list[tuple[Letter, Part]]] = {}
    for letter in {one.run_id: one for one in letters}.values():
        if letter.parent_id is None or letter.part is None or letter.part.whole:
            raise TooLate(f"Run {letter.run_id} was given up as a whole, and is over.", letter)
        lists.setdefault((letter.parent_id, letter.part.step), []).append((letter, letter.part))
    await runs.lock_in_order(db, [parent_id for parent_id, _ in lists])
    begun: dict[RunId, RunId] = {}
    for (parent_id, step), failed in lists.items():
        parent = await runs.require(db, parent_id)
        closed = parent.state in TERMINAL or await steps.get(db, parent.id, f"{step}/{CLOSED}") is not None
        begun |= await (_in_a_new_run if closed else _in_the_list)(db, parent, failed, ids, at)
    return begun


async def _in_the_list(
    db: AsyncConnection, parent: Run, failed: Sequence[tuple[Letter, Part]], ids: Ids, at: datetime
) -> dict[RunId, RunId]:
    begun: dict[RunId, RunId] = {}
    for letter, part in failed:
        known = [one.part for one in await parts.of_step(db, parent.id, part.step) if one.part.index == part.index]
        again = part.model_copy(update={"attempt": max((one.attempt for one in known), default=0) + 1})
        new = new_part(ids.run(), parent, again, at)
        await _settle(db, letter, Settled.retried, at, new.id)
        await begin(db, [new])
        begun[letter.run_id] = new.id
    return begun


async def _in_a_new_run(
    db: AsyncConnection, parent: Run, failed: Sequence[tuple[Letter, Part]], ids: Ids, at: datetime
) -> dict[RunId, RunId]:
    letter, run_id = failed[0][0], ids.run()
    if parent.parent_id is not None:
        raise TooLate(f"Run {parent.id} did a part of run {parent.parent_id}, and went on without the item.", letter)
    for one, _ in failed:
        await _settle(db, one, Settled.retried, at, run_id)
    if why := await begin_again(db, run_id, parent, [part for _, part in failed], at):
        raise TooLate(why, letter)
    return {one.run_id: run_id for one, _ in failed}


async def drop(db: AsyncConnection, letter: Letter, at: datetime) -> None:
    """Put the letter away: it is not listed any more. Raises LetterSettled."""
    await _settle(db, letter, Settled.dropped, at)


async def _settle(
    db: AsyncConnection, letter: Letter, how: Settled, at: datetime, again_id: RunId | None = None
) -> None:
    if not await dead_letters.settle(db, letter.run_id, how, at, again_id=again_id):
        does = f": run {letter.again_id} does it again" if letter.again_id is not None else ""
        raise LetterSettled(
            f"The dead letter about run {letter.run_id} was {letter.settled or 'settled'} before{does}."
        )
