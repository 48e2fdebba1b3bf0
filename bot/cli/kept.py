"""The database as commands that only look see it: they make none where there is none yet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BotError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class NothingYet(BotError):
    """No service of this version has been started with this database, so that there is nothing to show."""

    code = "nothing-yet"

    def remedy(self) -> str:
        return "Start the service once, or set PULLWRIGHT_DATA_DIR or PULLWRIGHT_DATABASE_URL as the service has it."


@asynccontextmanager
async def kept(process: str) -> "AsyncIterator[AsyncConnection]":
    """A read transaction on the database of the settings.

    Raises NothingYet where its SQLite file or its tables are not made yet, or are of an older version, and
    StoreUnavailable where it does not answer.
    """
    from adapters.store import open_store
    from bot.cli.begin import begin

    url = begin(process).database_url
    if (file := missing_file(url)) is not None:
        raise NothingYet(f"There is no database at {file} yet.")
    async with open_store(url) as store:
        if (why := await store.behind()) is not None:
            raise NothingYet(why)
        async with store.read() as db:
            yield db


def missing_file(url: str) -> Path | None:
    """The SQLite file of the URL where it is not there, or empty: the first start makes the tables."""
    file = Path(url.partition(":///")[2].partition("?")[0])
    there = not url.startswith("sqlite") or (file.exists() and file.stat().st_size > 0)
    return None if there else file
