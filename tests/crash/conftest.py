import sys
from pathlib import Path
from typing import Any

import pytest

# What stories are made of: the scripts, and the names of the points where a worker may die.
sys.path.insert(0, str(Path(__file__).parents[1] / "story"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty database; None for the SQLite file that the service makes by itself."""
    if request.param == "sqlite":
        return None
    postgresql: Any = request.getfixturevalue("postgresql")
    url: str = postgresql.new_database()
    return url
