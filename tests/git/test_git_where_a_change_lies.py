"""A merge starts from wherever two histories parted: it brings what was approved only where that is the base."""

import pytest
from git_origin import BOT, WHEN

from adapters.git.workspaces import GitWorkspace
from core.github import MergeMethod
from core.names import Sha
from jobs.steps.brought import different
from jobs.steps.ship import Shipped
from jobs.steps.unmoved import MovedUnder, moved_under


class History:
    """Commits of a workspace, each made of files beside those of its first parent."""

    def __init__(self, workspace: GitWorkspace) -> None:
        self.workspace = workspace

    async def commit(self, *parents: Sha, **files: str) -> Sha:
        tree = await self.workspace.tree_of(parents[0])
        for name, text in files.items():
            tree = await self.workspace.put(tree, name, text.encode())
        return await self.workspace.commit(tree, parents, f"{files}", BOT, WHEN)

    async def shipped(self, base: Sha, head: Sha) -> Shipped:
        return Shipped(
            number=1,
            node_id="n",
            url="u",
            draft=False,
            branch="pullwright/1-x-r",
            head=head,
            tree=await self.workspace.tree_of(head),
            title="t",
            message="m",
            paths=await self.workspace.changed_paths(base, head),
        )

    async def moved(self, base: Sha, tip: Sha, head: Sha) -> MovedUnder | None:
        """What becomes of the change `head` on `base` when the base branch is at `tip`."""
        shipped = await self.shipped(base, head)
        return await moved_under(self.workspace, "main", base, tip, shipped)

    async def read(self, moved: MovedUnder | None, name: str) -> bytes | None:
        """A file of both put together."""
        assert moved is not None
        assert moved.together.tree is not None
        return await self.workspace.read(moved.together.tree, name, 100)


@pytest.fixture
def history(workspace: GitWorkspace) -> History:
    return History(workspace)


async def test_a_base_that_moved_beside_the_change_leaves_it_as_it_was_and_one_that_moved_under_it_does_not(
    history: History, base: Sha
):
    head = await history.commit(base, README="ours\n")
    assert await history.moved(base, await history.commit(base, beside="y\n"), head) is None
    moved = await history.moved(base, await history.commit(base, README="theirs\n"), head)
    assert moved is not None
    assert (moved.touched, str(moved)) == (("README",), "`main` changed the same paths since: README.")


async def test_a_merge_into_a_base_that_was_put_back_would_bring_what_was_taken_out_of_it(history: History, base: Sha):
    leaked = await history.commit(base, leaked="a secret\n")
    head = await history.commit(leaked, ours="x\n")
    moved = await history.moved(leaked, base, head)
    assert str(moved) == "The change does not lie on `main` any more as it did."
    assert (await history.read(moved, "ours"), await history.read(moved, "leaked")) == (b"x\n", None)


async def test_where_branch_and_base_share_commits_a_merge_would_take_back_what_no_comparison_shows(
    history: History, base: Sha
):
    mended = await history.commit(base, README="mended\n")
    head = await history.commit(mended, README="Slugs.\n", ours="x\n")
    assert [path.path for path in await history.workspace.changed_paths(base, head)] == ["ours"]
    tip = await history.commit(base, mended, README="mended\n")
    assert await history.read(await history.moved(base, tip, head), "README") == b"mended\n"
    one = await history.commit(base, one="1\n")
    tip = await history.commit(one, mended, README="mended\n")
    head = await history.commit(one, mended, ours="x\n")
    assert await history.workspace.merge_bases(tip, head) == tuple(sorted((one, mended)))
    assert [path.path for path in await history.workspace.changed_paths(one, head)] == ["ours"]
    assert await history.read(await history.moved(one, tip, head), "README") == b"mended\n"
    root = await history.workspace.commit(await history.workspace.tree_of(base), (), "root", BOT, WHEN)
    assert await history.workspace.merge_bases(root, base) == ()


async def test_what_a_merge_brought_is_compared_path_by_path_with_what_was_approved_however_it_was_merged(
    history: History, base: Sha
):
    first = await history.commit(base, ours="x\n")
    head = await history.commit(first, more="y\n")
    shipped, workspace = await history.shipped(base, head), history.workspace
    tip = await history.commit(base, beside="z\n")
    again = await history.commit(tip, ours="x\n")
    honest = {
        MergeMethod.merge: await history.commit(tip, head, ours="x\n", more="y\n"),
        MergeMethod.squash: await history.commit(tip, ours="x\n", more="y\n"),
        MergeMethod.rebase: await history.commit(again, more="y\n"),
    }
    for method, merged in honest.items():
        assert await different(workspace, base, shipped, merged, method) is None
        assert await different(workspace, base, shipped, merged, None) is None, "a queue merged it in some way"
    more = await history.commit(tip, head, ours="x\n", more="y\n", sneaked="in\n")
    why = await different(workspace, base, shipped, more, MergeMethod.merge)
    assert why == f"The merge {more[:12]} brought something else than was approved in sneaked."
    less = await history.commit(tip, ours="x\n")
    why = await different(workspace, base, shipped, less, MergeMethod.squash)
    assert why == f"The merge {less[:12]} brought something else than was approved in more."


async def test_what_cannot_be_compared_is_said_and_not_passed(history: History, base: Sha):
    head = await history.commit(base, ours="x\n")
    shipped, workspace = await history.shipped(base, head), history.workspace
    tree = await workspace.tree_of(head)
    root = await workspace.commit(tree, (), "root", BOT, WHEN)
    assert await different(workspace, base, shipped, root, MergeMethod.squash) == (
        f"What the merge {root[:12]} brought cannot be compared with what was approved: "
        "the commit that it was made on is not there."
    )
    other = await history.commit(base, ours="x\n", more="y\n")
    joined = await history.commit(base, other, ours="x\n")
    assert await different(workspace, base, shipped, joined, MergeMethod.merge) == (
        f"What the merge {joined[:12]} brought cannot be compared with what was approved: "
        "it joins other commits than the approved one."
    )
