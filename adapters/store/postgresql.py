"""PostgreSQL as a system of record: nobody waits for ever, neither for a lock nor for a server that is gone."""

import math
import select
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

_SHORTEST_CONNECT_SECONDS = 2
"""libpq takes whole seconds, waits at least two, and reads 0 as "for ever"."""


def limits(busy_seconds: float) -> dict[str, str | int]:
    """What to connect with: a lock, a connection or an answer that does not come becomes an error in about that time.

    A transaction whose process stopped (a paused container, a machine asleep) is given up by the server after three
    times as long, and its locks with it: else one frozen worker would hold up every other. It learns of it when it
    wakes, as of a server that is gone.
    A machine that vanishes closes no connection: without the last four settings its peers wait for hours. They mean
    nothing on a unix socket.
    """
    seconds, milliseconds = max(math.ceil(busy_seconds), 1), max(int(busy_seconds * 1000), 1)
    options = {
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": 3 * milliseconds,
        "default_transaction_isolation": "read\\ committed",  # whatever the server's own default is
    }
    return {
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        "connect_timeout": max(seconds, _SHORTEST_CONNECT_SECONDS),
        "keepalives_idle": seconds,
        "keepalives_interval": max(seconds // 3, 1),
        "keepalives_count": 3,
        "tcp_user_timeout": milliseconds,
    }


def drop_the_dead(engine: Engine) -> None:
    """Let the pool hand out no connection that its server has closed, as one that was restarted did.

    An idle connection has nothing to read, but for the server's goodbye: a look at the socket costs no question to the
    server. One whose machine vanished is found out by the first statement, after the time that a question would take.
    """

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
        said = select.poll()
        said.register(connection.driver_connection.fileno(), select.POLLIN)
        if said.poll(0):
            raise InvalidatePoolError
