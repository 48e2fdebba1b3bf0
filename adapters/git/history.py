"""Commits: the one we make, and the habits of those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from adapters.git.command import git
from core.names import Sha
from core.workspaces import Author


async def commit(git_dir: Path, tree: Sha, parents: Sequence[Sha], message: str, author: Author, when: datetime) -> Sha:
    """The commit, with author and committer alike; nothing but the arguments enters its id."""
    if when.tzinfo is None:
        raise ValueError("The time of a commit must be aware.")
    date = f"@{int(when.timestamp())} +0000"
    who = {
        f"GIT_{role}_{part}": text
        for role in ("AUTHOR", "COMMITTER")
        for part, text in (("NAME", author.name), ("EMAIL", author.email), ("DATE", date))
    }
    lineage = [argument for parent in parents for argument in ("-p", parent)]
    made = await git("commit-tree", *lineage, tree, git_dir=git_dir, env=who, stdin=message.encode())
    return Sha(made.text)


async def merge_base(git_dir: Path, one: Sha, other: Sha) -> Sha | None:
    found = await git("merge-base", one, other, git_dir=git_dir, ok=(0, 1))
    return Sha(found.text) if found.code == 0 else None


async def merge_bases(git_dir: Path, one: Sha, other: Sha) -> tuple[Sha, ...]:
    found = await git("merge-base", "--all", one, other, git_dir=git_dir, ok=(0, 1))
    return tuple(Sha(base) for base in sorted(found.text.split()))


async def parents(git_dir: Path, commit: Sha) -> tuple[Sha, ...]:
    told = await git("rev-list", "--no-walk", "--parents", "--end-of-options", commit, git_dir=git_dir)
    return tuple(Sha(parent) for parent in told.text.split()[1:])


async def commits_between(git_dir: Path, base: Sha, head: Sha) -> int:
    told = await git("rev-list", "--count", "--no-merges", "--end-of-options", f"{base}..{head}", git_dir=git_dir)
    return int(told.text)


async def tree_of(git_dir: Path, commit: Sha) -> Sha:
    named = f"{commit}^{{tree}}"
    return Sha((await git("rev-parse", "--verify", "--end-of-options", named, git_dir=git_dir)).text)


async def touching(git_dir: Path, before: Sha, head: Sha, paths: Sequence[str], count: int) -> list[tuple[Sha, str]]:
    """Commits that `head` has, `before` has not, and that change one of the paths: id and first line, newest first."""
    if not paths:
        return []  # git takes none for all
    told = await git(
        *("log", "-z", f"--max-count={count:d}", "--format=%H %s", "--end-of-options", f"{before}..{head}"),
        *("--", *paths),
        git_dir=git_dir,
    )
    texts = told.out.decode("utf-8", "replace").removesuffix("\0").split("\0") if told.out else []
    return [(Sha(sha), subject.strip()) for sha, _, subject in (text.strip().partition(" ") for text in texts)]


async def recent_subjects(git_dir: Path, head: Sha, count: int) -> list[str]:
    """The first lines of the newest commits that are not merges, newest first."""
    return [text for text in await _log(git_dir, head, count, "%s") if text]


async def signs_off(git_dir: Path, head: Sha, count: int) -> bool:
    """Whether more than half of those commits carry a `Signed-off-by` trailer."""
    signed = await _log(git_dir, head, count, "%(trailers:key=Signed-off-by,valueonly)")
    return sum(bool(text) for text in signed) * 2 > len(signed)


async def _log(git_dir: Path, head: Sha, count: int, form: str) -> list[str]:
    told = await git(
        "log", "-z", "--no-merges", f"--max-count={count:d}", f"--format={form}", head, "--", git_dir=git_dir
    )
    texts = told.out.decode("utf-8", "replace").removesuffix("\0").split("\0") if told.out else []
    return [text.strip() for text in texts]
