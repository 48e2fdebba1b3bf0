"""What GitHub has shut is not worked on, and nothing else is left alone for it."""

import pytest

from adapters.store import Store, claims, repositories, runs, shut
from adapters.store.shut import What
from core.caps import Caps
from core.names import Repo, RunId

from .examples import LATER, NOW, WORKER, started

OURS = Repo(id=1, owner="octo", name="one", installation_id=5)
THEIRS = Repo(id=2, owner="acme", name="two", installation_id=6)


async def claimed(store: Store) -> RunId | None:
    async with store.begin() as db:
        found = await claims.take(db, WORKER, LATER, 60, Caps())
    return found[0] if found else None


@pytest.mark.parametrize(("what", "number"), [(What.installation, 6), (What.repository, 2)])
async def test_only_the_runs_of_what_is_shut_wait_until_it_is_open_again(store: Store, what: What, number: int):
    async with store.begin() as db:
        for repo in (OURS, THEIRS):
            await repositories.learn(db, repo)
        await shut.close(db, what, number, "The App is suspended.", NOW)
    theirs = await started(store, 2, repo=THEIRS)
    ours = await started(store, 1, repo=OURS)
    async with store.read() as db:
        assert await runs.due(db, LATER, 10) == [ours]
        assert await shut.on(db, OURS) is None
        assert (hold := await shut.on(db, THEIRS)) is not None
        assert hold.reason == "The App is suspended."
    assert await claimed(store) == ours
    assert await claimed(store) is None
    async with store.begin() as db:
        await shut.reopen(db, what, number)
    assert await claimed(store) == theirs
