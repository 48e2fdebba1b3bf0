"""How long a run waits for its tree: a warm clone with its throwaway `.git`, against `git worktree add`.

Warm: the mirror has the commit, as it does from a repository's second run on. Both write the same files from the same
bare repository, by turns.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import Workspaces
from benchmarks.figures import Bound, Figure, Report, middle
from core.names import Repo, RunId, Sha

ROUNDS = {1_000: 11, 10_000: 5}
"""By number of files."""
BOUND = 1.5

_REPO = Repo(id=1, owner="acme", name="widgets", installation_id=1)
_WORDS = ("value", "name", "items", "result", "path", "self", "index", "found", "return", "count", "order", "limit")
_MEDIAN_BYTES, _SPREAD, _LARGEST_BYTES = 2_500, 1.2, 200_000


async def measure() -> Report:
    """A repository of each size; medians in milliseconds."""
    return Report(tuple([await _figure(files, rounds) for files, rounds in ROUNDS.items()]))


async def _figure(files: int, rounds: int) -> Figure:
    with tempfile.TemporaryDirectory(prefix="pullwright-bench-") as folder:
        root = Path(folder)
        mirrors = Mirrors(root / "mirrors")
        base = _grow(mirrors.path(_REPO.id), files)
        workspaces = Workspaces(root / "workspaces", mirrors)
        ours, plain = [], []
        for number in range(rounds + 1):
            ours.append(await _clone(workspaces, RunId(f"run{number:09d}"), base))
            plain.append(_worktree(mirrors.path(_REPO.id), root / "worktree", base))
        return Figure(
            f"warm clone, {files:,} files",
            middle(ours[1:]),  # the first of each warms the disk's cache
            "ms",
            baseline=middle(plain[1:]),
            against="`git worktree add`",
            bound=Bound("ratio", "at most", BOUND),
        )


async def _clone(workspaces: Workspaces, run: RunId, base: Sha) -> float:
    began = time.perf_counter()
    await workspaces.open(run, _REPO, base)
    taken = 1000 * (time.perf_counter() - began)
    await workspaces.remove(run)
    return taken


def _worktree(repository: Path, folder: Path, base: Sha) -> float:
    began = time.perf_counter()
    _git(repository, "worktree", "add", "--quiet", "--detach", str(folder), base)
    taken = 1000 * (time.perf_counter() - began)
    shutil.rmtree(folder)
    _git(repository, "worktree", "prune")
    return taken


def _grow(repository: Path, files: int) -> Sha:
    """A bare repository in one pack, as a fetch leaves it, with one commit of so many files: the same every time."""
    repository.mkdir(parents=True)
    _git(repository, "init", "--quiet", "--bare", "--initial-branch=main")
    _git(repository, "fast-import", "--quiet", stdin=b"".join(_stream(files)))
    _git(repository, "repack", "-adq")
    _git(repository, "pack-refs", "--all")
    return Sha(_git(repository, "rev-parse", "refs/heads/main").decode().strip())


def _stream(files: int) -> Iterator[bytes]:
    """git-fast-import(1): ten files a folder, four folders deep, sizes as lopsided as in real repositories."""
    yield b"commit refs/heads/main\ncommitter Rosa <rosa@example.org> 1700000000 +0000\ndata 5\ngrow\n\n"
    random = Random(files)
    for number in range(files):
        folder = f"src/part{number // 1000:02d}/area{number // 100 % 10}/topic{number // 10 % 10}"
        size = min(int(random.lognormvariate(0, _SPREAD) * _MEDIAN_BYTES), _LARGEST_BYTES)
        text = " ".join(random.choices(_WORDS, k=1 + size // 6)).replace(" return ", "\n    return ")
        content = text.encode()
        yield b"M 100644 inline %s/module_%05d.py\ndata %d\n%s\n" % (folder.encode(), number, len(content), content)


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], input=stdin, check=True, capture_output=True
    ).stdout
