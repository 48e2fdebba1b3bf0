"""Empty steps side by side with DBOS Transact: the same ten, by turns, on the same PostgreSQL server.

Both commit at least once a step with `synchronous_commit` on, from one process, over the same socket. DBOS is no
dependency of ours: it is installed into a throwaway environment (`peer.txt`: pinned and hashed), at the versions of
SQLAlchemy and psycopg that we use ourselves, and its program runs as a process of its own.
"""

import asyncio
import json
import os
import subprocess
import tempfile
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from benchmarks.empty import STEPS, Played, place
from benchmarks.figures import Bound, Figure, Report, middle
from benchmarks.postgres import programs, throwaway_cluster

GOAL, FLOOR = 1.0, 1.5
ROUNDS = 8
RUNS = 5
"""In each round, of each."""
INSTALL_SECONDS = 120
_FOLDER = Path(__file__).parent
_KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "PIP_INDEX_URL", "PIP_CONFIG_FILE")


async def measure() -> Report:
    """Medians in milliseconds. Where one side cannot be had, the figure says so, and nothing is held."""
    if programs() is None:
        return _missing("there is no PostgreSQL server here")
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        if why := await asyncio.to_thread(_install, Path(folder, "environment")):
            return _missing(f"DBOS cannot be installed here ({why})")
        with throwaway_cluster() as url:
            return await _side_by_side(Path(folder), url)


def _missing(why: str) -> Report:
    bound = Bound("ratio", "at most", FLOOR)
    return Report((Figure("empty step, PostgreSQL", None, "ms", bound=bound, goal=GOAL, missing=why),))


async def _side_by_side(folder: Path, url: str) -> Report:
    theirs = make_url(url).set(database="peer").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE DATABASE peer")
    ours: list[Played] = []
    peers: list[Played] = []
    async with _peer(folder / "environment", theirs) as peer, place(folder / "place", url) as at:
        for number in range(ROUNDS + 1):
            played = [await at.play(await at.begin()) for _ in range(RUNS)]
            other = await peer.play(RUNS)
            if number:  # the first round is to get warm
                ours += played
                peers += other
    step = Figure(
        "empty step, PostgreSQL",
        1000 * middle(one.per_step for one in ours),
        "ms",
        baseline=1000 * middle(one.per_step for one in peers),
        against="DBOS Transact",
        bound=Bound("ratio", "at most", FLOOR),
        goal=GOAL,
    )
    mine, its = (1000 * middle(one.whole for one in many) for many in (ours, peers))
    return Report(
        (step,),
        f"A whole workflow of {STEPS} empty steps: {mine:.1f} ms with its claim, its heartbeat and what is said on "
        f"GitHub at its beginning and end; {its:.1f} ms with DBOS Transact, which says nothing to anybody.",
    )


def _install(environment: Path) -> str:
    """Why it cannot be had, in a few words; nothing where it is there now."""
    environ = {name: value for name in _KEPT if (value := os.environ.get(name)) is not None}
    venv.create(environment, with_pip=True)
    command = [str(environment / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet", "--no-deps"]
    wanted = ["--disable-pip-version-check", "--require-hashes", "--only-binary=:all:", "-r", str(_FOLDER / "peer.txt")]
    try:
        done = subprocess.run(
            [*command, *wanted], env=environ, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer from the package index in {INSTALL_SECONDS} seconds"
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
    return said[-1].removeprefix("ERROR: ")[:120].replace("|", "/")


@dataclass
class _Peer:
    """The program, which answers a number with what so many workflows took."""

    process: asyncio.subprocess.Process

    async def play(self, runs: int) -> list[Played]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{runs}\n".encode())
        answer = await self.process.stdout.readline()
        if not answer:
            raise SystemExit("DBOS Transact ended in the middle; its own words are above.")
        found = json.loads(answer)
        return [Played(*both) for both in zip(found["whole"], found["per_step"], strict=True)]


@asynccontextmanager
async def _peer(environment: Path, url: str) -> AsyncIterator[_Peer]:
    process = await asyncio.create_subprocess_exec(
        *(str(environment / "bin" / "python"), "-I", str(_FOLDER / "peer_program.py"), url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath},
        cwd=environment,
    )
    try:
        yield _Peer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
