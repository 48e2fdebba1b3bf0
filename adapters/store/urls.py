"""Database URLs as an operator writes them, with the driver that we use filled in."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from core.errors import ConfigurationError

_DRIVERS = {
    "sqlite": ("sqlite+aiosqlite", "sqlite+pysqlite"),
    "postgresql": ("postgresql+psycopg", "postgresql+psycopg"),
}


def asynchronous(url: str) -> URL:
    """The URL for an asynchronous engine. Raises ConfigurationError for what is no database of ours."""
    parsed = _parsed(url)
    return parsed.set(drivername=_DRIVERS[parsed.get_backend_name()][0])


def synchronous(url: str) -> URL:
    """The URL of the same database for an ordinary engine."""
    parsed = _parsed(url)
    return parsed.set(drivername=_DRIVERS[parsed.get_backend_name()][1])


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError("the database URL cannot be read as a URL") from error
    backend = parsed.drivername.split("+")[0]
    if backend not in _DRIVERS:
        raise ConfigurationError(f"the database {backend!r} is not supported: use sqlite:///FILE or postgresql://…")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ConfigurationError("a SQLite database in memory cannot be shared by processes: use sqlite:///FILE")
    return parsed
