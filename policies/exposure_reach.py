"""Whether a workflow that runs the repository's own code takes up ours: `pull_request_target` and its kin.

Such a run holds every right of the repository although a pull request caused it, writes the caches that the default
branch reads, and is not stopped by `[skip ci]`. It is harmless as long as it does nothing but read the event. It is not
where it checks the branch out, takes what the branch's own run has left, or puts words of the pull request into a
script. What it might do beyond what can be read is doubt.
https://docs.github.com/en/actions/reference/security/secure-use
"""

import re
from collections.abc import Mapping, Sequence

from policies.exposure_rights import Finding, expressions
from policies.exposure_yaml import Plain, mapping, texts
from policies.words import code

_HEAD = re.compile(
    r"head_ref|head[._](?:sha|ref|branch|commit|repo)|pull_request\.head|merge_commit_sha|refs/pull|/merge\b|"
    r"\.(?:number|pull_requests)\b|tojson\s*\(",
    re.IGNORECASE,
)
"""What names our branch, or leads to it."""
_SAFE_REF = re.compile(
    r"\s*(?:github\.(?:base_ref|sha|ref|ref_name)|github\.event\.(?:pull_request\.base\.(?:ref|sha)"
    r"|repository\.default_branch))\s*"
)
_WORDS = re.compile(r"github\s*\.\s*(?:event\b|head_ref)|github\s*\[|tojson\s*\(|\binputs\b", re.IGNORECASE)
_NUMBERS = re.compile(
    r"\s*github\.event\.(?:number|action|(?:pull_request|issue)\.(?:number|id)|comment\.id|workflow_run\.(?:id|conclusion)"
    r"|(?:check_run|check_suite)\.(?:id|conclusion)|repository\.default_branch|pull_request\.base\.(?:ref|sha))\s*"
)
"""What an event holds that nobody can choose the words of."""
_FETCHES = re.compile(
    r"\bgit\b[^\n]*\b(?:fetch|checkout|pull|clone|switch|worktree|merge|reset|restore|cherry-pick|am|apply)\b"
    r"|\bgh\s+(?:pr|run|api|repo)\b|\b(?:curl|wget|hub)\b|refs/pull|GITHUB_HEAD_REF|GITHUB_EVENT_PATH",
    re.IGNORECASE,
)
_STARTS = re.compile(r"child_process|\b(?:exec|spawn|require|import)\b")
_ACTION = re.compile(r"([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@[\w./-]+")

READS_THE_EVENT = frozenset(
    {
        "actions/add-to-project",
        "actions/first-interaction",
        "actions/labeler",
        "actions/setup-go",
        "actions/setup-java",
        "actions/setup-node",
        "actions/setup-python",
        "actions/stale",
        "actions/upload-artifact",
        "amannn/action-semantic-pull-request",
        "dependabot/fetch-metadata",
        "release-drafter/release-drafter",
    }
)
"""Actions that are known to take no code from a branch: they look at the event and write through the API, or set up a
tool."""


def takes_ours(steps: Sequence[Mapping[str, Plain]], where: str) -> list[Finding]:
    """How these steps of one job come by what our branch brought; nothing where they do not."""
    found = [one for step in steps for one in _of_step(step, where)]
    checked_out = any(str(step.get("uses")).strip().lower().startswith("actions/checkout@") for step in steps)
    if checked_out and not found and any("run" in step for step in steps):
        return [_doubt(f"nobody can tell what the repository's own scripts make of the event in {where}")]
    return found


def _of_step(step: Mapping[str, Plain], where: str) -> list[Finding]:
    uses, run = step.get("uses"), step.get("run")
    if isinstance(run, str):
        return _of_script(run, where)
    if not isinstance(uses, str):
        return [_doubt(f"a step of {where} cannot be read")]
    given = mapping(step.get("with"))
    named = _ACTION.fullmatch(uses.strip())
    action = named[1].lower() if named else uses
    if action == "actions/checkout":
        return _of_checkout(given, where)
    if "download-artifact" in action:
        return [Finding("our code", f"{where} takes up what a run of our branch has left ({code(uses)})")]
    if action == "actions/github-script":
        script = str(given.get("script") or "")
        runs = [_doubt(f"a script of {where} starts other programs")] if _STARTS.search(script) else []
        return _of_script(script, where) or runs
    if any(_HEAD.search(text) for text in expressions(given)):
        return [_doubt(f"{where} tells {code(uses)} of our branch")]
    if action in READS_THE_EVENT:
        return []
    return [_doubt(f"nobody can tell whether {code(uses)} in {where} takes up our branch")]


def _of_checkout(given: Mapping[str, Plain], where: str) -> list[Finding]:
    asked = [text for name in ("ref", "repository") for text in texts(given.get(name))]
    inside = expressions({str(number): text for number, text in enumerate(asked)})
    if any(_HEAD.search(text) for text in asked):
        return [Finding("our code", f"{where} checks our branch out")]
    if all(_SAFE_REF.fullmatch(text) for text in inside):
        return []
    return [_doubt(f"nobody can tell what {where} checks out")]


def _of_script(script: str, where: str) -> list[Finding]:
    """A script is the repository's own; what is put into its text, or what it fetches, may not be."""
    for inside in expressions(script):
        if _WORDS.search(inside) and not _NUMBERS.fullmatch(inside):
            return [Finding("our code", f"{where} puts words of the event into a script ({code(inside.strip()[:80])})")]
    if found := _FETCHES.search(script):
        return [_doubt(f"a script of {where} may fetch our branch ({code(found[0][:60])})")]
    return []


def _doubt(why: str) -> Finding:
    return Finding("our code", why, doubt=True)
