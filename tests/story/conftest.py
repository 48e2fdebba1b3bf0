from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World, open_world


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The settings with which a world is opened on each database: `open_world(tmp_path, settings=database)`."""
    if request.param == "sqlite":
        return {}
    return {"PULLWRIGHT_DATABASE_URL": str(request.getfixturevalue("postgresql_url"))}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[World]:
    """`team`, and every plan waits."""
    async with quick_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def at_once(tmp_path: Path) -> AsyncIterator[World]:
    """No plan waits, and a change waits for one person who is not the requester."""
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as opened:
        yield opened
