"""A store with many runs in it: one that was really played, written down again under other names by SQLite itself.

Whatever columns there are are copied as they stand, so the copies weigh what runs weigh.
"""

import sqlite3
from pathlib import Path

_NEW = "'z' || printf('%011d', n.value)"
"""The id of a copy."""

_CHANGED = {
    "runs": {
        "id": _NEW,
        "trigger_key": f"'copy:' || {_NEW}",
        # No two copies are about the same issue; none is about one that anybody opens meanwhile.
        "subject_number": "1000000 + n.value",
        "created_at": "created_at - n.value * 1000000",
    },
    "steps": {"run_id": _NEW},
    "events": {"run_id": _NEW},
    "effects": {"id": "NULL", "run_id": f"CASE WHEN run_id IS NULL THEN NULL ELSE {_NEW} END"}
    | {"key": f"replace(key, :run, {_NEW})"},
}


def copy(database: Path, run_id: str, count: int) -> None:
    """Have `count` more runs like this one, each with its steps, its journal and its effects.

    All of it is on the disk when this returns: the next commit that is forced would pay for it otherwise.
    """
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("BEGIN IMMEDIATE")
        for table, changed in _CHANGED.items():
            columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
            of = {"runs": "id = :run", "effects": "key LIKE 'run:' || :run || ':%'"}.get(table, "run_id = :run")
            numbers = "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < :count)"
            names = ", ".join(f'"{name}"' for name in columns)
            connection.execute(
                f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM n CROSS JOIN {table} WHERE {of}",
                {"run": run_id, "count": count},
            )
        connection.execute("COMMIT")
        # Forced by SQLite itself: closing a descriptor of our own would drop the locks of whoever has the store open.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
