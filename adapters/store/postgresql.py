"""PostgreSQL as a system of record: nobody waits for ever, neither for a lock nor for a server that is gone."""

import math

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
    bounds = f"-c lock_timeout={milliseconds} -c idle_in_transaction_session_timeout={3 * milliseconds}"
    return {
        "options": bounds,
        "connect_timeout": max(seconds, _SHORTEST_CONNECT_SECONDS),
        "keepalives_idle": seconds,
        "keepalives_interval": max(seconds // 3, 1),
        "keepalives_count": 3,
        "tcp_user_timeout": milliseconds,
    }
