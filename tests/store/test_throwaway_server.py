"""The tests' own PostgreSQL leaves nothing behind, and does not outlive whoever asked for it."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from postgresql_cluster import PostgresMissing, PostgresServer, find

_OPEN = """
import sys
from postgresql_cluster import running
with running() as server:
    pid = (server.sockets / "cluster" / "postmaster.pid").read_text().split()[0]
    print(pid, server.sockets, flush=True)
    sys.stdin.read()
"""


def _opened() -> "tuple[subprocess.Popen[str], int, Path]":
    tests = Path(__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, "-c", _OPEN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
    )
    assert process.stdout is not None
    pid, folder = process.stdout.readline().split()
    return process, int(pid), Path(folder)


def test_a_server_dies_with_the_process_that_asked_for_it_even_if_that_is_killed():
    process, pid, folder = _opened()
    watched = os.pidfd_open(pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert select.select([watched], [], [], 20)[0], "the server lives on"
    os.close(watched)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(PostgresServer(folder).url("postgres"))
    shutil.rmtree(folder)


def test_at_a_normal_end_neither_the_server_nor_its_folder_is_left():
    process, pid, folder = _opened()
    assert folder.stat().st_mode & 0o777 == 0o700
    process.communicate("")
    assert process.returncode == 0
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_where_the_server_is_not_installed_it_is_said_what_to_install():
    with pytest.raises(PostgresMissing) as missing:
        find("no-such-program")
    assert str(missing.value) == (
        "The tests need PostgreSQL's server, and there is no no-such-program: run `make test`, which installs it, "
        "or install Debian's package `postgresql` (with another system: its PostgreSQL server)."
    )


def test_nobody_reaches_it_over_the_network(postgresql: PostgresServer):
    with psycopg.connect(postgresql.url("postgres")) as db:
        assert db.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
