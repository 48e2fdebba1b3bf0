"""A throwaway PostgreSQL server of the tests: made from nothing, and gone with the process that asked for it.

It listens on a unix socket in a folder that its own user alone may enter, and on no port, so that trusting whoever
connects trusts only that user and root. The server refuses to run as root: root's tests run it as somebody else.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

OWNER = "pullwright"
"""The one role, which may do anything."""
SERVERS = ("postgres", "nobody")
"""Whom the server runs as when the tests run as root: the first that there is. initdb wants an account with a name."""
START_SECONDS = 30
_FAST_SHUTDOWN = signal.SIGINT
"""Cuts whoever is connected, and stops in order."""
_IMMEDIATE_SHUTDOWN = signal.SIGQUIT
"""Ends the server's processes where they are; what it had not written is recovered from its log at the next start."""
_DEBIAN = Path("/usr/lib/postgresql")

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "32MB",
    # The machine that loses power in the middle of a test loses the test too.
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "timezone": "UTC",
}

# Takes the server's uid, then asks the kernel to end it with the tests: changing the uid would forget the request.
_BECOME_THE_SERVER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from adapters.lineage import die_with_parent
parent, uid, gid = map(int, sys.argv[2:5])
if os.geteuid() != uid:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
die_with_parent(parent)
os.execv(sys.argv[5], sys.argv[5:])
"""


class PostgresMissing(Exception):
    """The server's programs are not installed: no reason to skip half of the specifications."""


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs; every database on it belongs to one test."""

    sockets: Path

    def url(self, database: str) -> str:
        """How PULLWRIGHT_DATABASE_URL names the database."""
        return f"postgresql://{OWNER}@/{database}?host={self.sockets}"

    def new_database(self, *, like: str | None = None) -> str:
        """The URL of a fresh database: empty, or a copy of the one behind the URL `like`, which nobody may be using."""
        name = f"t{uuid.uuid4().hex}"
        copied = sql.Identifier(_name(like) if like else "template0")
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), copied))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove the database, whoever is still connected."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name(url))))

    def disconnect(self, url: str) -> None:
        """Cut every connection to the database, as a restart of the server does; new ones are welcome."""
        self._administer(
            sql.SQL("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {}").format(
                _name(url)
            )
        )

    @contextmanager
    def away(self, url: str) -> Iterator[None]:
        """Cut every connection to the database, and refuse new ones until the end of the block."""
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        name = sql.Identifier(_name(url))
        self._administer(allow.format(name, sql.SQL("false")))
        self.disconnect(url)
        try:
            yield
        finally:
            self._administer(allow.format(name, sql.SQL("true")))

    def _administer(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as db:
            db.execute(statement)


@dataclass(frozen=True)
class MortalServer(PostgresServer):
    """A server that one test may crash; not for sharing."""

    _postmaster: "_Postmaster"

    def crash(self) -> None:
        """Gone at once, as by `pg_ctl stop -m immediate`: every transaction ends where it is, and nobody is told
        whether it was committed."""
        self._postmaster.stop(_IMMEDIATE_SHUTDOWN)

    def start(self) -> None:
        """Return when it answers again, with all that was committed. Call it on the main thread."""
        self._postmaster.start()


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server of this process, for as long as the block runs. Raises PostgresMissing where there is none to start.

    Call it on the main thread: the kernel ends the server with the thread that started it.
    """
    with _started() as postmaster:
        yield PostgresServer(postmaster.folder)


@contextmanager
def mortal() -> Iterator[MortalServer]:
    """The same for one test alone, which may crash it."""
    with _started() as postmaster:
        yield MortalServer(postmaster.folder, postmaster)


def find(program: str) -> str:
    """The path of a program of the server: from PATH, or from where Debian and pg_config say that it is."""
    folders = [os.environ.get("PATH", "")]
    folders += [str(path) for path in sorted(_DEBIAN.glob("*/bin"), key=_version, reverse=True)]
    if config := shutil.which("pg_config"):
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        folders.append(asked.stdout.strip())
    found = shutil.which(program, path=os.pathsep.join(folders))
    if found is None:
        raise PostgresMissing(
            f"The tests need PostgreSQL's server, and there is no {program}: run `make test`, which installs it, "
            "or install Debian's package `postgresql` (with another system: its PostgreSQL server)."
        )
    return found


def _account() -> pwd.struct_passwd:
    """Whom the server runs as: us, or as root the first of SERVERS."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {account.pw_name: account for account in pwd.getpwall()}
    return next(known[name] for name in SERVERS if name in known)


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _name(url: str) -> str:
    name = make_url(url).database
    assert name is not None
    return name


def _initialise(initdb: str, cluster: Path, account: pwd.struct_passwd) -> None:
    made = subprocess.run(
        _as_server(
            *(account, initdb, "--pgdata", str(cluster), "--username", OWNER, "--auth-local", "trust"),
            *("--auth-host", "reject", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr.strip()}")


@contextmanager
def _started() -> Iterator["_Postmaster"]:
    initdb, postgres = find("initdb"), find("postgres")
    account = _account()
    # Not in pytest's own folder: the socket's whole path must fit in 107 bytes, and the server's uid must get there.
    folder = Path(tempfile.mkdtemp(prefix="pullwright-pg-", dir="/tmp"))
    postmaster = _Postmaster(postgres, folder, account)
    try:
        os.chown(folder, account.pw_uid, account.pw_gid)
        _initialise(initdb, folder / "cluster", account)
        postmaster.start()
        yield postmaster
    finally:
        postmaster.stop(_FAST_SHUTDOWN)
        shutil.rmtree(folder)


class _Postmaster:
    """The server's own process over a cluster in `folder / "cluster"`: none, or one."""

    def __init__(self, postgres: str, folder: Path, account: pwd.struct_passwd) -> None:
        self.folder = folder
        self._postgres, self._account = postgres, account
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        log = self.folder / "server.log"
        command = (self._postgres, "-D", str(self.folder / "cluster"), "-k", str(self.folder), *settings)
        with log.open("ab") as lines:
            self._server = subprocess.Popen(
                _as_server(self._account, *command),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=subprocess.STDOUT,
            )
        _wait_until_it_answers(self._server, PostgresServer(self.folder), log)

    def stop(self, how: signal.Signals) -> None:
        """Nothing where it does not run."""
        if (server := self._server) is None:
            return
        server.send_signal(how)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        self._server = None


def _as_server(account: pwd.struct_passwd, *command: str) -> list[str]:
    root = str(Path(__file__).parents[1])
    who = (str(number) for number in (os.getpid(), account.pw_uid, account.pw_gid))
    return [sys.executable, "-I", "-c", _BECOME_THE_SERVER, root, *who, *command]


def _wait_until_it_answers(server: subprocess.Popen[bytes], found: PostgresServer, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(found.url("postgres")).close()
        except psycopg.OperationalError as refused:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {log.read_text().strip()}") from refused
            # A server says nowhere that it is ready but by answering.
            time.sleep(0.02)
        else:
            return
