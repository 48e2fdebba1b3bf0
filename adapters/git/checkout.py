"""A folder with a tree checked out and a throwaway `.git` in it: for a box, and never looked at by the host again.

The throwaway is a real repository: a detached HEAD at the base, its index, the tags, and the mirror's objects by the
place where the box sees them. Status, diff, log, describe and even commits work there; nothing that happens to it
matters.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.git.command import git
from adapters.git.failures import GitFailed
from core.names import Sha

# Content is taken byte for byte, in both directions: no line ending, encoding or keyword is converted and no filter is
# run, whatever the attributes in the tree say. What was tested is then what is committed, and this file wins over those
# in the tree.
ATTRIBUTES = "* -text !eol !working-tree-encoding -ident -filter !diff !merge\n"

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
# The box's user differs from the one who wrote the index: only what content can tell counts.
_THROWAWAY_CONFIG = _CONFIG + "\ttrustctime = false\n\tcheckStat = minimal\n[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n"


def plant(git_dir: Path, head: Sha, objects: str, *, throwaway: bool = False) -> None:
    """A git directory at `git_dir` with a detached HEAD, that borrows its objects.

    The layout is gitrepository-layout(5).
    """
    for folder in ("objects/info", "refs/heads", "info"):
        (git_dir / folder).mkdir(parents=True)
    (git_dir / "HEAD").write_text(f"{head}\n")
    (git_dir / "config").write_text(_THROWAWAY_CONFIG if throwaway else _CONFIG)
    (git_dir / "objects/info/alternates").write_text(f"{objects}\n")
    if not throwaway:
        (git_dir / "info/attributes").write_text(ATTRIBUTES)


async def check_out(git_dir: Path, tree: Sha, into: Path, *, base: Sha, objects: str, packed_refs: Path) -> None:
    """Make the folder `into`, which must not exist, equal to `tree`; a crash leaves no half of it under this name."""
    fresh = into.with_name(f"new-{secrets.token_hex(8)}")
    throwaway = fresh / ".git"
    plant(throwaway, base, objects, throwaway=True)
    _tags(packed_refs, throwaway / "packed-refs")
    index = {"GIT_INDEX_FILE": str(throwaway / "index")}
    try:
        await git("read-tree", "-u", "-m", tree, git_dir=git_dir, work_tree=fresh, env=index)
        if tree != base:  # the objects of `tree` are not in the mirror: the box compares with the base
            (throwaway / "index").unlink()
            await git("read-tree", base, git_dir=git_dir, env=index)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.rename(into)


async def delete(folder: Path) -> None:
    """Remove a folder that a box could write, at once from its name and then from the disk.

    `rm` opens folders relative to each other and follows no link, however deep they nest; locked folders are opened
    first.
    """
    if not folder.is_symlink() and not folder.exists():
        return
    doomed = folder.with_name(f"gone-{secrets.token_hex(8)}")
    folder.rename(doomed)
    if await _ran("rm", "-rf", "--", str(doomed)) != 0:
        await _ran("chmod", "-R", "u+rwX", "--", str(doomed))
        if await _ran("rm", "-rf", "--", str(doomed)) != 0:
            raise GitFailed(f"{folder.name} cannot be removed: something in it does not belong to this user.")


@contextmanager
def temporary_index(git_dir: Path) -> Iterator[dict[str, str]]:
    """The environment for an index of one's own, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=git_dir, prefix="index-") as folder:
        yield {"GIT_INDEX_FILE": str(Path(folder, "index"))}


def _tags(source: Path, into: Path) -> None:
    """The mirror's tags, for tools that count versions from them. The `^` lines below a tag say what it points at."""
    if not source.is_file():
        return
    kept: list[str] = []
    tag = False
    for line in source.read_text("utf-8", "surrogateescape").splitlines(keepends=True):
        tag = tag if line.startswith("^") else " refs/tags/" in line
        if tag:
            kept.append(line)
    into.write_text("# pack-refs with: peeled\n" + "".join(kept), "utf-8", "surrogateescape")


async def _ran(*arguments: str) -> int:
    child = await asyncio.create_subprocess_exec(
        *arguments, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin"}
    )
    return await child.wait()
