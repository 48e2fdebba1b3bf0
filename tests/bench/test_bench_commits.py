"""Commits of other processes are counted from outside, whatever becomes of the log meanwhile."""

import sqlite3
from pathlib import Path

import pytest

from benchmarks.commits import CommitCount


@pytest.fixture
def database(tmp_path: Path) -> str:
    file = str(tmp_path / "store.db")
    db = sqlite3.connect(file)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (x BLOB)")
    db.commit()
    db.close()
    return file


def write(database: str, rows: int = 1) -> None:
    db = sqlite3.connect(database)
    db.executemany("INSERT INTO t VALUES (?)", [(b"x" * 3000,)] * rows)
    db.commit()
    db.close()


def opened(database: str) -> sqlite3.Connection:
    """Another process's connection: the last one to close would take the log with it."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("SELECT * FROM t").fetchall()
    return db


def test_each_transaction_counts_once_however_much_it_writes(database: str):
    with CommitCount(database) as count:
        write(database)
        write(database, rows=500)
        write(database)
        assert count.so_far() == 3


def test_what_was_committed_before_does_not_count(database: str):
    other = opened(database)
    write(database)
    write(database)
    with CommitCount(database) as count:
        write(database)
        assert count.so_far() == 1
    other.close()


def test_a_transaction_that_writes_nothing_does_not_count(database: str):
    with CommitCount(database) as count:
        db = sqlite3.connect(database, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        db.execute("SELECT * FROM t").fetchall()
        db.execute("COMMIT")
        db.close()
        assert count.so_far() == 0


def test_nothing_is_missed_where_the_log_is_copied_back_or_begun_anew(database: str):
    other = opened(database)
    for _ in range(5):
        write(database)
    other.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    with CommitCount(database) as count:
        for _ in range(20):
            write(database, rows=100)
            other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        assert count.so_far() == 20
    other.close()
