"""From what git says to the errors people understand. Git runs with English messages, so its words can be matched."""

from __future__ import annotations

import re

from core.errors import (
    AppRefused,
    BotError,
    BranchMoved,
    GitHubUnavailable,
    NotThere,
    PermissionMissing,
    PushRefused,
    RateLimited,
)

_STATUS = re.compile(r"returned error: (\d{3})|HTTP (\d{3})")
_NO_CREDENTIAL = re.compile(r"Authentication failed|could not read (Username|Password)")
_ABSENT = re.compile(
    r"repository .* not found|couldn't find remote ref|not our ref|bad object|Not a valid (object|tree) name"
)
_NETWORK = re.compile(
    r"(?i)could not resolve|failed to connect|couldn't connect|connection (was )?(reset|refused|timed out)|timed out|"
    r"early EOF|RPC failed|"
    r"hung up unexpectedly|unexpected disconnect|empty reply|SSL_|GnuTLS|gnutls|transfer closed|operation too slow"
)
_MOVED = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|reference already exists|incorrect old value"
)
_INVALID = re.compile(r"(?m)^error: invalid path '")
_RATE_LIMIT_SECONDS = 60.0


class GitFailed(BotError):
    """Git failed on the host for a reason that no other error names."""

    code = "git-failed"


class BaseUnusable(GitFailed):
    """The commit holds a path that git checks out nowhere, such as one that any git would take for its own folder."""

    code = "base-unusable"

    def remedy(self) -> str:
        return "Take that path out of the branch that the run begins at, then comment `/retry`."


def failure(command: str, code: int, said: str) -> BotError:
    """The error for a git command that ended with `code`; `said` is its scrubbed error output."""
    why = _last_line(said) or f"git ended with {code}"
    sentence = f"git {command}: {why}"
    if found := _STATUS.search(said):
        return _by_status(command, int(found[1] or found[2]), sentence)
    if _NO_CREDENTIAL.search(said):
        return AppRefused(sentence)
    if _ABSENT.search(said):
        return NotThere(sentence)
    if _NETWORK.search(said):
        return GitHubUnavailable(sentence)
    if _INVALID.search(said):
        return BaseUnusable(sentence)
    return GitFailed(sentence)


def push_failure(branch: str, report: str, said: str) -> BotError | None:
    """The error for a refused branch, from the report of `git push --porcelain`; None where it refuses nothing."""
    for line in report.splitlines():
        flag, _, rest = line.partition("\t")
        if flag != "!":
            continue
        reason = rest.partition("\t")[2]
        remote = " ".join(
            text.removeprefix("remote:").strip() for text in said.splitlines() if text.startswith("remote:")
        )
        if _MOVED.search(reason) or ("failed to update ref" in reason and _MOVED.search(remote)):
            return BranchMoved(f"The branch {branch} is not where the bot left it: somebody else pushed to it.")
        return PushRefused(f"GitHub refused the push to {branch}: {' '.join(f'{reason} {remote}'.split())[:500]}")
    return None


def _by_status(command: str, status: int, sentence: str) -> BotError:
    if status == 401:
        return AppRefused(sentence)
    if status == 403:
        return PushRefused(sentence) if command == "push" else PermissionMissing(sentence)
    if status == 429:
        return RateLimited(sentence, _RATE_LIMIT_SECONDS)
    if status >= 500:
        return GitHubUnavailable(sentence)
    return NotThere(sentence) if status in (404, 410) else GitFailed(sentence)


def _last_line(said: str) -> str:
    """The line that says most: git's `fatal:` or `error:` if there is one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (telling or lines or [""])[-1][:500]
