"""A workspace is opened: a clone that borrows, a tree to work in, and a `.git` for the box to play with."""

from pathlib import Path

import pytest
from git_origin import REPO, TOKEN, Origin, run_git

from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import GitWorkspace, Workspaces
from core.errors import NotThere
from core.names import RunId, Sha


async def test_a_new_workspace_holds_the_base_file_for_file(workspace: GitWorkspace, base: Sha):
    assert workspace.base == base
    assert (workspace.tree / "README").read_text() == "Slugs.\n"
    assert (workspace.tree / "tool").stat().st_mode & 0o777 == 0o755
    assert str((workspace.tree / "link").readlink()) == "src/slugs.py"
    assert sorted(path.name for path in workspace.tree.iterdir()) == [
        ".git",
        ".gitignore",
        "README",
        "link",
        "src",
        "tool",
    ]


async def test_a_clone_copies_no_object_of_its_mirror(workspace: GitWorkspace, data: Path):
    own = [path for path in (data / "workspaces/run000000001/git/objects").rglob("*") if path.is_file()]
    assert [path.name for path in own] == ["alternates"]


async def test_opening_again_leaves_the_work_as_it_was(workspaces: Workspaces, workspace: GitWorkspace, base: Sha):
    (workspace.tree / "new.py").write_text("x = 1\n")
    again = await workspaces.open(RunId("run000000001"), REPO, base)
    assert (again.tree / "new.py").read_text() == "x = 1\n"


async def test_a_tree_lost_in_a_crash_is_checked_out_again(workspaces: Workspaces, workspace: GitWorkspace, base: Sha):
    workspace.tree.rename(workspace.tree.with_name("gone-before-the-new-one-stood"))
    again = await workspaces.open(RunId("run000000001"), REPO, base)
    assert (again.tree / "README").read_text() == "Slugs.\n"


async def test_a_commit_that_was_never_fetched_is_not_there(workspaces: Workspaces):
    with pytest.raises(NotThere, match=r"^The commit 111111111111 is not in the mirror of acme/slugs\.$"):
        await workspaces.open(RunId("run000000001"), REPO, Sha("1" * 40))


@pytest.mark.parametrize("name", ["..", "a/b", "", "-x", "Run", "a" * 65])
async def test_a_run_cannot_name_a_folder_elsewhere(workspaces: Workspaces, name: str):
    with pytest.raises(ValueError, match="cannot name a folder"):
        await workspaces.open(RunId(name), REPO, Sha("1" * 40))


async def test_git_works_in_the_tree_as_in_any_clone(origin: Origin, base: Sha, data: Path):
    run_git(origin.clone, "tag", "-a", "v1.2", "-m", "one two")
    run_git(origin.clone, "push", "--quiet", str(origin.bare), "v1.2")
    head = origin.push({"README": "More.\n"}, "docs: more")
    unboxed = Workspaces(data / "workspaces", Mirrors(data / "mirrors"), objects_at=None)
    await unboxed.mirrors.fetch(REPO.id, origin.url, TOKEN, ["main"])
    workspace = await unboxed.open(RunId("run000000002"), REPO, head)
    assert run_git(workspace.tree, "status", "--porcelain") == ""
    assert run_git(workspace.tree, "describe", "--tags").startswith("v1.2-1-g")
    assert run_git(workspace.tree, "log", "--format=%s") == "docs: more\nfeat: slugs"
    (workspace.tree / "README").write_text("Other.\n")
    assert "+Other." in run_git(workspace.tree, "diff")
    snapshot = await workspace.snapshot()
    await workspace.restore(snapshot)
    assert "+Other." in run_git(workspace.tree, "diff"), "a restored tree is still compared with the base"
    run_git(workspace.tree, "commit", "--quiet", "-a", "-m", "the box may even commit")
    assert await workspace.snapshot() == snapshot


async def test_a_box_finds_the_objects_through_a_read_only_mount(workspace: GitWorkspace, data: Path):
    (mount,) = workspace.mounts
    assert (mount.source, mount.target, mount.writable) == (data / "mirrors/7.git/objects", "/objects", False)
    assert (workspace.tree / ".git/objects/info/alternates").read_text() == "/objects\n"


async def test_removal_leaves_nothing_even_of_a_locked_folder(
    workspaces: Workspaces, workspace: GitWorkspace, data: Path
):
    locked = workspace.tree / "locked"
    locked.mkdir()
    (locked / "file").touch()
    locked.chmod(0)
    await workspace.remove()
    await workspaces.remove(RunId("run000000001"))
    assert list((data / "workspaces").iterdir()) == []
