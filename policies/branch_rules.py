"""Other people's rules for a branch: whether the bot can merge under them, and what to do where it cannot.

GitHub enforces them in any case. They are looked at first, so that a refusal says which rule it is and what would help.
"""

from core.github import BranchRules, MergeMethod
from policies.result import Fact, Result, Status, all_of


def merge_under(rules: BranchRules, method: MergeMethod, base: str) -> Result:
    """Whether a merge of this method can pass the rules of the branch `base`."""
    queue = "A merge queue merges." if rules.merge_queue else "No merge queue is asked for."
    return all_of(
        "rules of the branch",
        [
            Result("merge queue", Status.approved, queue),
            _method(rules, method, base),
            _signatures(rules, method, base),
        ],
        why=f"The rules of `{base}` let the bot merge.",
    )


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


def _signatures(rules: BranchRules, method: MergeMethod, base: str) -> Result:
    """What git pushed carries no signature; a squash is one new commit, which GitHub signs itself.

    https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
    """
    name = "signed commits"
    if not rules.signatures:
        return Result(name, Status.approved, "No signature is asked for.")
    if rules.merge_queue or method is MergeMethod.squash:
        return Result(name, Status.approved, "GitHub signs the commit that it makes of the pull request.")
    return Result(
        name,
        Status.denied,
        f"The rules of `{base}` ask for signed commits, and those that the bot pushes carry no signature.",
        remedy="Write `merge: {method: squash}` in the workflow: GitHub signs the one commit that it makes then.",
    )
