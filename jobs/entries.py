"""What a change adds to a tree, file by file, as GitHub is told of it where it makes the tree itself."""

from collections.abc import Sequence

from core.errors import ChangeRefused
from core.github import TreeEntry
from core.names import Sha
from core.workspaces import Workspace

MOST_FILES = 300
MOST_BYTES = 8 * 1024 * 1024
"""Of all files together: GitHub takes a tree with its contents in one request, and gives up on one that takes long."""


async def entries(workspace: Workspace, base: Sha, tree: Sha) -> Sequence[TreeEntry]:
    """What makes `tree` of the tree of `base`. Raises ChangeRefused where that is more than GitHub is asked for."""
    changed = await workspace.changed_paths(base, tree)
    if len(changed) > MOST_FILES:
        raise _too_much(f"{len(changed)} files", f"{MOST_FILES} files")
    found: list[TreeEntry] = []
    left = MOST_BYTES
    for path in changed:
        content = await workspace.blob(Sha(path.head_blob)) if path.head_blob is not None else None
        left -= len(content or b"")
        if left < 0:
            raise _too_much(f"more than {MOST_BYTES // 1024 // 1024} MiB", f"{MOST_BYTES // 1024 // 1024} MiB")
        # What is deleted has no mode any more, and GitHub wants one all the same.
        found.append(TreeEntry(path=path.path, mode=path.mode if content is not None else "100644", content=content))
    return found


def _too_much(there: str, most: str) -> ChangeRefused:
    return ChangeRefused(
        f"The commit must be signed, and the change has {there}: GitHub makes and signs commits of at most {most} for "
        "an App. A smaller change can be signed; where signatures are not needed, `commits: plain` in the policy does "
        "without."
    )
