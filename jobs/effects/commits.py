"""Commits that GitHub makes and signs.

It is given the tree, unless it has it, and then asked for a commit. Until a branch is pushed nothing points at either,
so a death anywhere leaves objects that nobody sees, and no branch at a commit that is not signed.
"""

from core.effects import SignCommit
from core.errors import BoxUnavailable, ChangeRefused
from jobs.effects import Outside, Receipt


async def act(act: SignCommit, outside: Outside) -> Receipt:
    """The signed commit. Raises ChangeRefused where GitHub made something else than was asked for, or did not sign."""
    if outside.push is None:
        raise BoxUnavailable("A commit can only be made from the workspace of its run.")
    if not await outside.github.has_tree(act.tree):
        base, entries = await outside.push.entries(act.parents[0], act.tree)
        if await outside.github.write_tree(base, entries) != act.tree:
            raise ChangeRefused("GitHub made another tree of the change than was tested, so it is not signed.")
    made = await outside.github.write_commit(tree=act.tree, parents=act.parents, message=act.message)
    if (made.tree, made.parents, made.message.strip()) != (act.tree, act.parents, act.message.strip()):
        raise ChangeRefused("GitHub made another commit than it was asked for, so it is not pushed.")
    if not made.verified:
        raise ChangeRefused(
            f"The commit must be signed, and GitHub did not sign it (`{made.reason[:40]}`). On GitHub Enterprise "
            "Server an administrator has to let it sign what is committed on the web; `commits: plain` in the policy "
            "does without signatures."
        )
    return {"sha": made.sha}
