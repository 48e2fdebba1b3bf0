"""The history of the tables, as Alembic revisions, run inside the process that needs them."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run every revision that is missing up to this one, inside the transaction of the connection."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def behind(connection: Connection) -> str | None:
    """Why the code cannot work with the tables, in a sentence; None where it can. Only looks.

    Tables that are newer than the code will do: a revision only adds, so that while processes are replaced one by one
    the old ones go on.
    """
    has, known = MigrationContext.configure(connection).get_current_revision(), _revisions()
    if has is None:
        return "The database has no tables yet."
    if has in known[:-1]:
        return f"The tables of the database are at revision {has}, and this Pullwright needs {known[-1]}."
    return None


@cache
def _revisions() -> tuple[str, ...]:
    """Every revision of the code, oldest first."""
    newest_first = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(reversed([script.revision for script in newest_first]))


def _config() -> Config:
    config = Config()
    # Alembic interpolates its options, so that a percent sign in the path must be doubled.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
