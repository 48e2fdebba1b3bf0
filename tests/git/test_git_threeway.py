"""Two trees that grew from one are put together without a checkout; where they cannot be, the paths are named."""

from datetime import UTC, datetime
from pathlib import Path

from adapters.git.workspaces import GitWorkspace
from core.names import Sha
from core.workspaces import Author

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
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


async def test_lines_that_both_sides_changed_stand_between_markers_and_no_driver_of_the_repository_has_a_say(
    workspace: GitWorkspace, base: Sha, tmp_path: Path
):
    told = tmp_path / "told"
    start = await workspace.put(base, ".gitattributes", b"text merge=theirs filter=theirs diff=theirs\n")
    config = f'[merge "theirs"]\n\tdriver = touch {told}\n[filter "theirs"]\n\tsmudge = touch {told}\n'
    start = await workspace.put(await workspace.put(start, ".gitconfig", config.encode()), "text", TEXT.encode())
    sides = [await changed(workspace, start, "line 1\n", f"{side}\n") for side in ("ours", "theirs")]
    merged = await workspace.merged(start, *sides)
    assert merged.marked is not None
    found = await workspace.read(merged.marked, "text", 1_000)
    assert found is not None
    lines = found.decode().splitlines()
    assert (lines[1][:8], lines[2:5], lines[5][:8]) == ("<<<<<<< ", ["ours", "=======", "theirs"], ">>>>>>> ")
    assert not told.exists()


async def test_the_commits_that_touched_a_path_since_are_named_newest_first(workspace: GitWorkspace, base: Sha):
    async def child(parent: Sha, path: str, subject: str) -> Sha:
        tree = await workspace.put(parent, path, subject.encode())
        return await workspace.commit(tree, (parent,), f"{subject}\n\nMore.", Author("A", "a@b.c"), WHEN)

    one = await child(base, "text", "one")
    beside = await child(one, "other", "beside")
    two = await child(beside, "text", "two")
    assert await workspace.touching(base, two, ["text"], 10) == [(two, "two"), (one, "one")]
    assert await workspace.touching(base, two, ["text"], 1) == [(two, "two")]
    assert await workspace.touching(two, base, ["text"], 10) == []
    assert await workspace.touching(base, two, ["--all"], 10) == []
