"""A merge that GitHub's git does not show yet is looked for again, and only so often."""

import pytest

from core.errors import NotThere
from core.names import Sha
from jobs.steps import brought

MERGED = Sha("a" * 40)


class Lagging:
    """GitHub's git, which has a commit only from the so-manieth look on."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.asked: list[Sha] = []

    async def fetch(self, commit: Sha) -> None:
        self.asked.append(commit)
        if len(self.asked) < self.looks:
            raise NotThere("not our ref")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "PAUSES", (0.0,) * len(brought.PAUSES))


@pytest.mark.parametrize("looks", [1, 2, 4])
async def test_a_merge_that_is_shown_late_is_fetched(looks: int) -> None:
    lagging = Lagging(looks)
    await brought.fetched(lagging.fetch, MERGED)
    assert lagging.asked == [MERGED] * looks


async def test_one_that_is_never_shown_is_not_there() -> None:
    lagging = Lagging(99)
    with pytest.raises(NotThere, match="not our ref"):
        await brought.fetched(lagging.fetch, MERGED)
    assert lagging.asked == [MERGED] * 4
