"""A PostgreSQL that is empty, old or away: commands that only look say what to do, and make nothing."""

import psycopg
import pytest
from postgresql_cluster import PostgresServer

START = "Start the service once, or set PULLWRIGHT_DATA_DIR or PULLWRIGHT_DATABASE_URL as the service has it.\n"
LOOKS = [("runs", "list"), ("runs", "show", "abc"), ("deliveries", "list")]


def _tables(url: str) -> list[str]:
    with psycopg.connect(url) as db:
        found = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [name for (name,) in found]


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_an_empty_database_is_told_apart_from_one_without_runs(pullwright, postgresql: PostgresServer, look):
    url = postgresql.new_database()
    said = pullwright(*look, DATABASE_URL=url)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == f"pullwright: The database has no tables yet.\n{START}"
    assert _tables(url) == []
    postgresql.drop(url)


def test_tables_that_are_older_than_the_code_are_named(pullwright, postgresql_url: str):
    with psycopg.connect(postgresql_url) as db:
        newest = db.execute("SELECT version_num FROM alembic_version").fetchall()
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    said = pullwright("runs", "list", DATABASE_URL=postgresql_url)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        "pullwright: The tables of the database are at revision 0001, and this Pullwright needs "
        f"{newest[0][0]}.\n{START}"
    )


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (
            "postgresql://somebody:hunter2@127.0.0.1:9/nothing",
            'connection failed: connection to server at "127.0.0.1", port 9 failed: Connection refused',
        ),
        (
            "postgresql://somebody@/nothing?host=/nowhere",
            (
                'connection is bad: connection to server on socket "/nowhere/.s.PGSQL.5432" failed: '
                "No such file or directory"
            ),
        ),
    ],
)
def test_a_server_that_is_not_there_is_said_in_a_sentence(pullwright, url: str, why: str):
    said = pullwright("runs", "list", DATABASE_URL=url)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        f"pullwright: The database does not answer: {why}\n"
        "The operator should check PULLWRIGHT_DATABASE_URL with `pullwright doctor`.\n"
    )


def test_a_database_with_tables_and_no_runs_is_an_empty_list(pullwright, postgresql_url: str):
    said = pullwright("runs", "list", "--json", DATABASE_URL=postgresql_url)
    assert (said.returncode, said.stdout) == (0, "[]\n")


@pytest.mark.slow
def test_the_doctor_says_that_an_empty_database_gets_its_tables_later(pullwright, postgresql: PostgresServer):
    url = postgresql.new_database()
    said = pullwright("doctor", DATABASE_URL=url, SANDBOX="none")
    why = "answers; the next start makes its tables: The database has no tables yet."
    assert f"ok       database: {why}\n" in said.stdout
    postgresql.drop(url)
