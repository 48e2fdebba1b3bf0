"""What a clone asks of GitHub, and the one thing it tells it: a push of its own branch, where it left that branch."""

from __future__ import annotations

import re
from pathlib import Path

from adapters.git.command import Remote, git
from adapters.git.failures import GitFailed, failure, push_failure
from core import faults
from core.errors import NotThere
from core.names import Sha
from core.workspaces import BRANCHES

_SHA = re.compile(r"[0-9a-f]{40}")


async def push(git_dir: Path, remote: Remote, branch: str, sha: Sha, expected: Sha | None) -> None:
    """Put the branch at `sha` if it is at `expected` (None: absent) or there already; see `Workspace.push`.

    The lease is checked by git against what the server says, and by the server when it writes: no push in between is
    lost.
    """
    if not branch.startswith(BRANCHES):
        raise ValueError(f"The bot pushes only branches whose names begin with {BRANCHES}, not {branch!r}.")
    reference = await _checked(git_dir, f"refs/heads/{branch}")
    faults.point("push.before")
    result = await git(
        *("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"),
        *(f"--force-with-lease={reference}:{expected or ''}", "--end-of-options", remote.url, f"{sha}:{reference}"),
        git_dir=git_dir,
        remote=remote,
        ok=(0, 1, 128),
    )
    faults.point("push.after")
    if refused := push_failure(branch, result.text, result.err):
        # Where a connection breaks, git's library sends a push again by itself, and the second one is refused.
        if await remote_branch(git_dir, remote, branch) == sha:
            return
        raise refused
    if result.code != 0:
        raise failure("push", result.code, result.err)


async def remote_branch(git_dir: Path, remote: Remote, branch: str) -> Sha | None:
    """Where the branch is on the remote now."""
    reference = await _checked(git_dir, f"refs/heads/{branch}")
    listed = await git("ls-remote", "--end-of-options", remote.url, reference, git_dir=git_dir, remote=remote)
    for line in listed.text.splitlines():
        sha, _, name = line.partition("\t")
        if name == reference:
            return Sha(sha)
    return None


async def fetch(git_dir: Path, remote: Remote, ref: str) -> Sha:
    """The commit that a branch, a full reference or a SHA names there, with its objects here."""
    source = (
        ref if _SHA.fullmatch(ref) else await _checked(git_dir, ref if ref.startswith("refs/") else f"refs/heads/{ref}")
    )
    kept = "refs/pullwright/fetched"
    await git(
        *("fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head"),
        *("--end-of-options", remote.url, f"+{source}:{kept}"),
        git_dir=git_dir,
        remote=remote,
    )
    try:
        return Sha((await git("rev-parse", "--verify", f"{kept}^{{commit}}", git_dir=git_dir)).text)
    except GitFailed as error:
        raise NotThere(f"{ref} does not name a commit.") from error


async def _checked(git_dir: Path, reference: str) -> str:
    """The reference, if git takes it for the name of one and nothing else (no pattern, no second reference)."""
    if (await git("check-ref-format", reference, git_dir=git_dir, ok=(0, 1))).code != 0:
        raise ValueError(f"{reference!r} is not the name of a reference.")
    return reference
