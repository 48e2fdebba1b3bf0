"""A run that nobody can let go on as it is gives way to its retry: it alone, and only as long as it is like that."""

from adapters.store import Store, runs, signals
from core.names import RunId, Subject, SubjectKind
from core.runs import NewRun
from jobs import lines

from .examples import LATER, NOW, WORKER, a_run, a_wait, claimed, started

ABOUT = Subject(kind=SubjectKind.issue, number=1)


async def joined(store: Store, number: int, concurrency: str, gives_way: RunId) -> tuple[NewRun | str, set[RunId]]:
    """What became of a retry of this run, and which runs were called off for it."""
    off = set[RunId]()
    async with store.begin() as db:
        new = a_run(number, subject=ABOUT, retry_of=gives_way, created_at=LATER)
        return await lines.join(db, new, concurrency, off, gives_way=gives_way), off


async def test_a_stuck_run_gives_way_to_its_retry_and_those_in_line_stay_there(store: Store) -> None:
    front, epoch = await claimed(store)
    async with store.begin() as db:
        assert await runs.park(db, front, epoch, a_wait())
    in_line = await started(store, 2, subject=ABOUT, behind_id=front)
    assert await joined(store, 3, "queue", front) == (lines.BUSY, set())
    async with store.begin() as db:
        await runs.wake(db, front, NOW)
        again = await runs.claim(db, front, WORKER, NOW, 60)
        assert again is not None
        assert await runs.park(db, front, again, a_wait(stuck=True))
    assert await joined(store, 4, "refuse", in_line) == (lines.BUSY, set())
    retry, off = await joined(store, 5, "refuse", front)
    assert not isinstance(retry, str)
    assert (retry.behind_id, off) == (front, {front})
    async with store.read() as db:
        assert await signals.pending(db, in_line) == []
