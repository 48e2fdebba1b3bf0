"""A three-way merge of trees, made of objects alone: nothing is checked out, and nothing of the tree is run."""

from __future__ import annotations

from pathlib import Path

from adapters.git.command import git
from adapters.git.entries import shown
from core.names import Sha
from core.workspaces import Merged

_NOBODY = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "pullwright"), ("EMAIL", "pullwright"), ("DATE", "@0 +0000"))
}


async def merged(git_dir: Path, base: Sha, ours: Sha, theirs: Sha) -> Merged:
    """See `Workspace.merged`.

    Git finds the common ancestor by itself, from commits; older versions cannot be told which one it is. So each tree
    gets a stand-in commit, and those of both sides have the base's as their parent. Nothing refers to them.
    """
    root = await _stand_in(git_dir, base)
    sides = [await _stand_in(git_dir, side, root) for side in (ours, theirs)]
    told = await git(
        *("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", "--end-of-options", *sides),
        git_dir=git_dir,
        ok=(0, 1),
    )
    tree, *paths = told.out.split(b"\0")
    if told.code == 0:
        return Merged(tree=Sha(tree.decode()))
    return Merged(
        tree=None, marked=Sha(tree.decode()), conflicts=tuple(sorted({shown(path) for path in paths if path}))
    )


async def _stand_in(git_dir: Path, tree: Sha, *parents: Sha) -> Sha:
    lineage = [argument for parent in parents for argument in ("-p", parent)]
    made = await git("commit-tree", *lineage, f"{tree}^{{tree}}", git_dir=git_dir, env=_NOBODY, stdin=b"stand-in\n")
    return Sha(made.text)
