"""Other people's rules for a branch: whether the bot can merge under them, and what to do where it cannot.

GitHub enforces them in any case. They are looked at first, so that a refusal says which rule it is and what would help.
"""

from core.github import BranchRules, MergeMethod
from policies.result import Fact, Result, Status, all_of


def merge_under(rules: BranchRules, method: MergeMethod, base: str, *, signed: bool) -> Result:
    """Whether a merge of this method can pass the rules of the branch `base`.

    `signed`: whether GitHub signed the commits of the pull request.
    """
    queue = "A merge queue merges." if rules.merge_queue else "No merge queue is asked for."
    return all_of(
        "rules of the branch",
        [
            Result("merge queue", Status.approved, queue),
            _method(rules, method, base),
            _signatures(rules, method, base, signed),
        ],
        why=f"The rules of `{base}` let the bot merge.",
    )


def unsigned_hint(refusal: str, *, signed: bool) -> str:
    """What helps where GitHub refused a merge for want of signatures, in its own words; empty where it did not.

    Classic protection asks for them as well, and GitHub tells an App nothing of it before.
    """
    if signed or "verified signature" not in refusal.lower():
        return ""
    return "Write `commits: signed` in the policy, then comment `/retry`: GitHub signs the bot's commits then."


def _method(rules: BranchRules, method: MergeMethod, base: str) -> Result:
    """The queue merges in its own way, whatever was asked for."""
    name = "merge method"
    linear = rules.linear and method is MergeMethod.merge
    if rules.merge_queue or (not linear and (rules.methods is None or method in rules.methods)):
        return Result(name, Status.approved, f"`{method}` may be used.")
    allowed = [one.value for one in rules.methods or MergeMethod if not (rules.linear and one is MergeMethod.merge)]
    return Result(
        name,
        Status.denied,
        f"The rules of `{base}` do not allow the method `{method}`.",
        (Fact("allowed", tuple(allowed)),),
        remedy=f"Merge by hand, or write `merge: {{method: {allowed[0]}}}` in the workflow." if allowed else None,
    )


def _signatures(rules: BranchRules, method: MergeMethod, base: str, signed: bool) -> Result:
    """A squash is one new commit, which GitHub signs; what it rebases it does not sign, whatever it was before.

    https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
    """
    name = "signed commits"
    if not rules.signatures:
        return Result(name, Status.approved, "No signature is asked for.")
    if rules.merge_queue or method is MergeMethod.squash:
        return Result(name, Status.approved, "GitHub signs the commit that it makes of the pull request.")
    if method is MergeMethod.rebase:
        return Result(
            name,
            Status.denied,
            f"The rules of `{base}` ask for signed commits, and GitHub signs none that it rebases.",
            remedy="Write `merge: {method: squash}` in the workflow: GitHub signs the one commit that it makes then.",
        )
    if signed:
        return Result(name, Status.approved, "GitHub signed the commits of the pull request.")
    return Result(
        name,
        Status.denied,
        f"The rules of `{base}` ask for signed commits, and those of this pull request carry no signature.",
        remedy="Write `commits: auto` in the policy, or `merge: {method: squash}` in the workflow; "
        "then comment `/retry`.",
    )
