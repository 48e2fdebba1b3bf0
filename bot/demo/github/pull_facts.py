"""What git says of a pull request: its size, whether it merges, and why it may not.

`facts` is asked anew each time, so a pull request is never shown with a state its branches no longer have.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from . import git
from .records import Issue, Json, Protection, Pull, Repository

FAILED = {"failure", "cancelled", "timed_out", "action_required", "stale", "error"}


@dataclass(frozen=True)
class PullFacts:
    commits: int
    additions: int
    deletions: int
    changed_files: int
    mergeable: bool | None
    mergeable_state: str


async def facts(repository: Repository, issue: Issue) -> PullFacts:
    pull = issue.pull
    assert pull is not None  # noqa: S101 (callers pass pull requests only)
    base, start = await ends(repository, pull)
    changed = await files(repository, pull)
    commits = await git.text(repository.path, "rev-list", "--count", f"{start}..{pull.head_sha}")
    mergeable: bool | None = None
    state = "unknown"
    if issue.state == "open":
        mergeable = await git.merged_tree(repository.path, base, pull.head_sha) is not None
        state = _state(repository, pull, mergeable)
    return PullFacts(
        int(commits),
        sum(each["additions"] for each in changed),
        sum(each["deletions"] for each in changed),
        len(changed),
        mergeable,
        state,
    )


async def ends(repository: Repository, pull: Pull) -> tuple[str, str]:
    """The base commit a merge would go on, and the commit the change started from."""
    tip = None if pull.merged_at else await git.resolve(repository.path, f"refs/heads/{pull.base_ref}")
    base = tip or pull.base_sha
    return base, await git.merge_base(repository.path, base, pull.head_sha) or base


async def files(repository: Repository, pull: Pull) -> list[Json]:
    """The changed files as `/pulls/{n}/files` lists them, without addresses."""
    _, start = await ends(repository, pull)
    return await changed_files(repository, start, pull.head_sha)


_KINDS = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed", "C": "copied"}


async def changed_files(repository: Repository, start: str, end: str) -> list[Json]:
    between = (start, end)
    raw = await git.git(repository.path, "diff", "--raw", "--no-abbrev", "-M", "-z", *between)
    counted = await git.git(repository.path, "diff", "--numstat", "-M", "-z", *between)
    sizes = _sizes(counted.decode(errors="replace"))
    fields = iter(raw.decode(errors="replace").split("\0"))
    found: list[Json] = []
    for head in fields:
        if not head:
            continue
        _, _, _, blob, kind = head.split(" ")
        name = next(fields)
        previous = None
        if kind[0] in "RC":
            previous, name = name, next(fields)
        added, deleted = sizes.get(name, (0, 0))
        found.append(
            {"sha": blob, "filename": name, "status": _KINDS[kind[0]]}
            | {"additions": added, "deletions": deleted, "changes": added + deleted}
            | ({"previous_filename": previous} if previous else {})
            | {"patch": await _patch(repository, start, end, [name, *([previous] if previous else [])])}
        )
    return found


async def _patch(repository: Repository, start: str, end: str, names: list[str]) -> str:
    whole = await git.git(
        repository.path, "--literal-pathspecs", "diff", "--no-ext-diff", "--no-textconv", "-M", start, end, "--", *names
    )
    text = whole.decode(errors="replace")
    at = text.find("\n@@ ")
    return text[at + 1 :].rstrip("\n") if at >= 0 else ""


def hunks(patch: str) -> list[range]:
    """The lines of the new file that each hunk of a file's patch shows."""
    found = [_HUNK.match(row) for row in patch.split("\n")]
    return [range(int(at[1]), int(at[1]) + int(at[2] or 1)) for at in found if at is not None]


_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")


def _sizes(numstat: str) -> dict[str, tuple[int, int]]:
    sizes: dict[str, tuple[int, int]] = {}
    fields = iter(numstat.split("\0"))
    for head in fields:
        if not head:
            continue
        added, deleted, name = head.split("\t", 2)
        if not name:
            next(fields)
            name = next(fields)
        sizes[name] = (int(added) if added != "-" else 0, int(deleted) if deleted != "-" else 0)
    return sizes


def blockers(repository: Repository, pull: Pull) -> list[str]:
    """Why protection forbids the merge, in GitHub's sentences; empty where it allows it."""
    rule = repository.protected.get(pull.base_ref) or Protection()
    results = check_results(repository, pull.head_sha)
    said: list[str] = []
    for name in required_checks(repository, pull.base_ref):
        result = results.get(name)
        if result is None or result == "pending":
            said.append(f'Required status check "{name}" is expected.')
        elif result in FAILED:
            said.append(f'Required status check "{name}" is failing.')
    if rule.required_approvals and approvals(repository, pull) < rule.required_approvals:
        many = "review is" if rule.required_approvals == 1 else "reviews are"
        said.append(f"At least {rule.required_approvals} approving {many} required by reviewers with write access.")
    return said


def required_checks(repository: Repository, branch: str) -> list[str]:
    """The checks that protection and rulesets ask for together."""
    rule = repository.protected.get(branch) or Protection()
    ruled = [
        str(check["context"])
        for each in _rules(repository, branch, "required_status_checks")
        for check in each.get("parameters", {}).get("required_status_checks", [])
    ]
    return list(dict.fromkeys([*rule.required_checks, *ruled]))


def queue_asked(repository: Repository, branch: str) -> bool:
    """Whether merges into this branch must go through a queue."""
    return bool(_rules(repository, branch, "merge_queue"))


def signatures_asked(repository: Repository, branch: str) -> bool:
    """By a ruleset, or by classic protection, of which the API tells an App nothing."""
    rule = repository.protected.get(branch) or Protection()
    return rule.signatures or bool(_rules(repository, branch, "required_signatures"))


def rules_of(repository: Repository, branch: str) -> list[Json]:
    """The rules of every ruleset that covers a branch of this name, whether it exists or not."""
    return [rule for named, rules in repository.rules.items() if fnmatchcase(branch, named) for rule in rules]


def _rules(repository: Repository, branch: str, kind: str) -> list[Json]:
    return [rule for rule in rules_of(repository, branch) if rule["type"] == kind]


def check_results(repository: Repository, sha: str) -> dict[str, str]:
    """The newest result of every check and status of a commit, by name; `pending` while it has none."""
    results = {run.name: run.conclusion or "pending" for run in repository.check_runs if run.head_sha == sha}
    return results | {status.context: status.state for status in repository.statuses if status.sha == sha}


def approvals(repository: Repository, pull: Pull) -> int:
    """How many people with write access stand by their approval; each person's newest verdict counts."""
    verdicts: dict[str, str] = {}
    for review in pull.reviews:
        if review.state in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}:
            verdicts[review.author.login] = review.state
    if "CHANGES_REQUESTED" in verdicts.values():
        return 0
    writers = {login for login, role in repository.collaborators.items() if role in {"write", "maintain", "admin"}}
    writers.add(repository.owner.login)
    return sum(state == "APPROVED" and login in writers for login, state in verdicts.items())


def _state(repository: Repository, pull: Pull, mergeable: bool) -> str:
    if not mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    if blockers(repository, pull):
        return "blocked"
    results = check_results(repository, pull.head_sha).values()
    if any(result in FAILED or result == "pending" for result in results):
        return "unstable"
    return "clean"
