"""Two trees that grew from one are put together without a checkout; where they cannot be, the paths are named."""

from datetime import UTC, datetime

from adapters.git.workspaces import GitWorkspace
from core.names import Sha
from core.workspaces import Author

TEXT = "".join(f"line {number}\n" for number in range(20))


async def changed(workspace: GitWorkspace, tree: Sha, old: str, new: str) -> Sha:
    raw = await workspace.read(tree, "text", 1_000)
    assert raw is not None
    return await workspace.put(tree, "text", raw.decode().replace(old, new).encode())


async def test_what_both_sides_changed_apart_from_each_other_is_in_the_merge(workspace: GitWorkspace, base: Sha):
    start = await workspace.put(base, "text", TEXT.encode())
    ours = await changed(workspace, start, "line 1\n", "ours\n")
    theirs = await workspace.put(await changed(workspace, start, "line 18\n", "theirs\n"), "new", b"new\n")
    merged = await workspace.merged(start, ours, theirs)
    assert merged.tree is not None
    assert await workspace.read(merged.tree, "new", 10) == b"new\n"
    found = await workspace.read(merged.tree, "text", 1_000)
    assert found == TEXT.replace("line 1\n", "ours\n").replace("line 18\n", "theirs\n").encode()


async def test_an_older_state_as_the_other_side_takes_a_change_back_and_keeps_what_came_after_it(
    workspace: GitWorkspace, base: Sha
):
    before = await workspace.put(base, "text", TEXT.encode())
    after = await changed(workspace, before, "line 1\n", "wrong\n")
    now = await changed(workspace, after, "line 18\n", "later\n")
    merged = await workspace.merged(after, now, before)
    assert merged.tree is not None
    assert await workspace.read(merged.tree, "text", 1_000) == TEXT.replace("line 18\n", "later\n").encode()


async def test_lines_that_both_sides_changed_make_no_tree_and_their_paths_are_named(workspace: GitWorkspace, base: Sha):
    start = await workspace.put(base, "text", TEXT.encode())
    ours = await changed(workspace, start, "line 1\n", "ours\n")
    theirs = await changed(workspace, start, "line 1\n", "theirs\n")
    merged = await workspace.merged(start, ours, theirs)
    assert (merged.tree, merged.conflicts) == (None, ("text",))


async def test_a_commit_tells_its_parents(workspace: GitWorkspace, base: Sha):
    tree = await workspace.put(base, "new", b"new\n")
    assert await workspace.parents(base) == ()
    child = await workspace.commit(tree, (base,), "a child", Author("A", "a@b.c"), datetime(2026, 1, 1, tzinfo=UTC))
    assert await workspace.parents(child) == (base,)
