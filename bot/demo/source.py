"""The repository that a demo is given: which branch of it is played, or why it cannot be."""

from dataclasses import dataclass
from pathlib import Path

from bot.demo.github import git

_ANYBODYS = ("-c", "safe.directory=*")
"""The repository may belong to another user of this machine: these questions start nothing that it names."""
_OUR_OWN = ("--no-optional-locks", "-c", "core.fsmonitor=false")
"""Comparing the work tree starts the repository's filters, so git refuses it where another user owns it."""


class NotPlayable(ValueError):
    """The repository cannot be played; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A git repository. What is played is the last commit of `branch`, which becomes the default branch."""

    path: Path
    branch: str
    uncommitted: bool
    """The work tree has changes to tracked files that the demo will not see."""


async def look_at(path: Path) -> Source:
    """What the repository at `path` offers, or NotPlayable. Nothing in it is changed."""
    shown = str(path)
    if await _ask(path, "rev-parse", "--git-dir") is None:
        raise NotPlayable(
            f"{shown} is no git repository. In it, run `git init`, `git add --all` and `git commit` first."
        )
    root = await _ask(path, "rev-parse", "--show-toplevel")
    if root is not None and Path(root).resolve() != path.resolve():
        raise NotPlayable(f"{shown} is a folder inside a git repository. Name its root, {root}.")
    if await _ask(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        raise NotPlayable(f"{shown} has no commit. In it, run `git add --all` and `git commit` first.")
    branch = await _ask(path, "symbolic-ref", "--quiet", "--short", "HEAD")
    if branch is None:
        raise NotPlayable(
            f"{shown} is on no branch (detached HEAD). Switch to the one that shall be the default branch."
        )
    if await _ask(path, "rev-parse", "--is-shallow-repository") == "true":
        raise NotPlayable(
            f"{shown} is a shallow clone, which cannot be cloned again. Run `git fetch --unshallow` in it."
        )
    compare = ("status", "--porcelain", "--untracked-files=no")
    changes = await _ask(path, *compare, options=_OUR_OWN) if root is not None else None
    return Source(path, branch, bool(changes))


async def _ask(path: Path, *arguments: str, options: tuple[str, ...] = _ANYBODYS) -> str | None:
    """What git says, or None where it fails."""
    code, out, _ = await git.run(path, *options, *arguments)
    return out.decode(errors="replace").strip() if code == 0 else None
