"""The heartbeat's own way to the database: a thread must not share the connections of the event loop.

Only the heartbeat uses this, so that a loop that hangs cannot keep the lease from being renewed, nor its loss unseen.
"""

from datetime import datetime

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from adapters.store import postgresql, sqlite
from adapters.store.runs import renewal
from adapters.store.urls import synchronous
from core.names import Epoch, RunId


def renew(url: str, run_id: RunId, epoch: Epoch, until: datetime, *, busy_seconds: float = 5.0) -> bool:
    """What `runs.renew` returns, on a connection opened and closed here. Blocks; raises SQLAlchemyError."""
    parsed = synchronous(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True)
        sqlite.configure(engine, writes=True, busy_seconds=busy_seconds)
    else:
        limits = postgresql.limits(busy_seconds)
        engine = create_engine(parsed, poolclass=NullPool, connect_args=limits, hide_parameters=True)
    try:
        with engine.begin() as db:
            return db.execute(renewal(run_id, epoch, until)).rowcount == 1
    finally:
        engine.dispose()
