"""Nothing that a box can put into its tree makes the host run it, or read what lies elsewhere."""

import asyncio
import os
import threading
from pathlib import Path

import pytest
from git_origin import BOT, WHEN, run_git

from adapters.git.entries import is_git, leaves
from adapters.git.workspaces import GitWorkspace
from core.errors import TreeRefused
from core.names import Sha

CANARY = "the-host-keeps-this-to-itself"


def everything_stored(workspace: GitWorkspace) -> bytes:
    """Every object that a clone holds or borrows."""
    git_dir = workspace.tree.parent / "git"
    env = {"GIT_DIR": str(git_dir)}
    names = run_git(git_dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)", **env)
    return run_git(git_dir, "cat-file", "--batch", stdin=names.encode() + b"\n", **env).encode(
        "utf-8", "surrogateescape"
    )


async def test_nothing_that_the_tree_brings_is_ever_run(workspace: GitWorkspace, tmp_path: Path, base: Sha):
    ran = tmp_path / "ran"
    bomb = workspace.tree / "bomb"
    bomb.write_text(f"#!/bin/sh\necho >> {ran}\ncat\n")
    bomb.chmod(0o755)
    git_dir = workspace.tree / ".git"
    (git_dir / "hooks").mkdir()
    for hook in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (git_dir / "hooks" / hook).symlink_to("../../bomb")
    (git_dir / "more").write_text(f"[core]\n\tfsmonitor = {bomb}\n\thooksPath = {git_dir}/hooks\n\tpager = {bomb}\n")
    (git_dir / "config").write_text(
        f"[include]\n\tpath = more\n[core]\n\tworktree = /\n[diff]\n\texternal = {bomb}\n"
        f'[filter "evil"]\n\tclean = {bomb}\n\tsmudge = {bomb}\n\tprocess = {bomb}\n\trequired = true\n'
        f'[diff "evil"]\n\tcommand = {bomb}\n\ttextconv = {bomb}\n'
    )
    (workspace.tree / ".gitattributes").write_text("* filter=evil diff=evil\n")
    (workspace.tree / "README").write_text("Changed.\n")
    tree = await workspace.snapshot()
    head = await workspace.commit(tree, [base], "feat: more\n", BOT, WHEN)
    assert b"+Changed." in (await workspace.diff(base, head)).patch
    await workspace.restore(tree)
    await workspace.scratch(head, "other")
    assert not ran.exists()


@pytest.mark.parametrize(
    "name", [".git", ".GIT", ".Git", ".git ", ".git.", ".g\u200cit", ".git::$INDEX_ALLOCATION", "git~1", "GIT~1"]
)
def test_every_name_that_some_file_system_takes_for_git_is_known(name: str):
    assert is_git(name)


@pytest.mark.parametrize("name", [".gitignore", ".github", "git", "a.git", ".git-blame", "git~2", ". git"])
def test_names_that_only_look_like_git_are_left_alone(name: str):
    assert not is_git(name)


@pytest.mark.parametrize("kind", ["folder", "file", "symlink"])
async def test_a_repository_below_the_root_is_refused_whatever_it_is(workspace: GitWorkspace, kind: str):
    path = workspace.tree / "src/.git "
    {"folder": path.mkdir, "file": path.touch, "symlink": lambda: path.symlink_to("slugs.py")}[kind]()
    with pytest.raises(TreeRefused) as refused:
        await workspace.snapshot()
    assert str(refused.value) == ("src/.git  could be taken for a git directory; only the root of a tree may have one.")


async def test_a_repository_in_an_ignored_folder_is_refused_too(workspace: GitWorkspace):
    (workspace.tree / "build").mkdir()
    run_git(workspace.tree / "build", "init", "--quiet", "nested")
    with pytest.raises(TreeRefused, match=r"^build/nested/\.git could be taken"):
        await workspace.snapshot()


async def test_another_spelling_of_git_at_the_root_is_refused(workspace: GitWorkspace):
    (workspace.tree / ".GIT").mkdir()
    with pytest.raises(TreeRefused, match=r"^\.GIT could be taken"):
        await workspace.snapshot()


@pytest.mark.parametrize("kind", ["file", "symlink", "nothing"])
async def test_the_throwaway_may_become_anything(workspace: GitWorkspace, tmp_path: Path, kind: str):
    before = await workspace.snapshot()
    path = workspace.tree / ".git"
    path.rename(tmp_path / "was")
    if kind == "file":
        path.write_text(f"gitdir: {tmp_path}/was\n")
    elif kind == "symlink":
        path.symlink_to(tmp_path / "was")
    assert await workspace.snapshot() == before


@pytest.mark.parametrize(
    "target",
    [b"/etc/passwd", b"../../outside", b"../..", b"slugs.py/../../x", b"./../../x", b".git/config", b"../.GIT/config"],
)
def test_a_target_that_leads_out_or_might_is_known(target: bytes):
    assert leaves("src/way", target)


@pytest.mark.parametrize("target", [b"slugs.py", b"../README", b"./slugs.py", b"missing/file", b"../src", b".."])
def test_a_target_that_stays_is_left_alone(target: bytes):
    assert not leaves("src/way", target)


async def test_a_symlink_that_leaves_the_tree_is_refused(workspace: GitWorkspace):
    (workspace.tree / "src/way").symlink_to("../../outside")
    with pytest.raises(TreeRefused) as refused:
        await workspace.snapshot()
    assert str(refused.value) == "src/way is a symlink to ../../outside, which leads out of the tree."


async def test_a_symlink_that_stays_is_kept(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "src/way").symlink_to("../README")
    (changed,) = await workspace.changed_paths(base, await workspace.snapshot())
    assert (changed.path, changed.mode) == ("src/way", "120000")


async def test_a_leaving_symlink_is_refused_where_it_would_be_committed(workspace: GitWorkspace, base: Sha):
    git_dir = workspace.tree.parent / "git"
    blob = run_git(git_dir, "hash-object", "-w", "--stdin", stdin=b"/etc", GIT_DIR=str(git_dir))
    tree = Sha(run_git(git_dir, "mktree", stdin=f"120000 blob {blob}\tway\n".encode(), GIT_DIR=str(git_dir)))
    with pytest.raises(TreeRefused, match=r"^way is a symlink to /etc, which leads out of the tree\.$"):
        await workspace.commit(tree, [base], "feat: way\n", BOT, WHEN)


async def test_a_new_submodule_is_refused_where_it_would_be_committed(workspace: GitWorkspace, base: Sha):
    git_dir = workspace.tree.parent / "git"
    line = f"160000 commit {base}\tvendor\n".encode()
    tree = Sha(run_git(git_dir, "mktree", "--missing", stdin=line, GIT_DIR=str(git_dir)))
    with pytest.raises(TreeRefused, match=r"^vendor is a new submodule; a change must bring its content itself\.$"):
        await workspace.commit(tree, [base], "feat: vendor\n", BOT, WHEN)


async def test_what_lies_behind_a_symlinked_folder_is_not_read(workspace: GitWorkspace, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "slugs.py").write_text(CANARY)
    (workspace.tree / "src/slugs.py").unlink()
    (workspace.tree / "src").rmdir()
    (workspace.tree / "src").symlink_to(outside)
    with pytest.raises(TreeRefused, match="leads out of the tree"):
        await workspace.snapshot()
    assert CANARY.encode() not in everything_stored(workspace)


async def test_a_folder_that_is_swapped_while_it_is_read_leads_nowhere(workspace: GitWorkspace, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    for number in range(20):
        (outside / f"{number}.py").write_text(f"{CANARY} {number}")
        (workspace.tree / f"src/{number}.py").write_text(f"x = {number}\n")
    source, aside = workspace.tree / "src", workspace.tree / "aside"
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            source.rename(aside)
            source.symlink_to(outside)
            source.unlink()
            aside.rename(source)

    swapping = threading.Thread(target=swap)
    swapping.start()
    refusals = 0
    try:
        # As often as it takes to meet the swap: how often that is depends on who else uses the processors.
        for _ in range(5_000):
            if refusals == 3:
                break
            try:
                await workspace.snapshot()
            except TreeRefused:
                refusals += 1
    finally:
        stop.set()
        await asyncio.to_thread(swapping.join)
    assert refusals == 3, "the folder was never seen while it was swapped"
    assert CANARY.encode() not in everything_stored(workspace)


async def test_a_file_that_github_would_not_take_is_refused(workspace: GitWorkspace):
    with (workspace.tree / "huge").open("wb") as file:
        file.truncate(100 * 1024 * 1024 + 1)
    with pytest.raises(TreeRefused) as refused:
        await workspace.snapshot()
    assert str(refused.value) == "huge is larger than 100 MiB, which GitHub does not take."


async def test_folders_nested_without_end_are_refused_and_removed(workspace: GitWorkspace):
    here = os.open(workspace.tree, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    with pytest.raises(TreeRefused, match=r"^Folders in the tree are nested deeper than 200\.$"):
        await workspace.snapshot()
    await workspace.restore(workspace.base)
    assert sorted(path.name for path in workspace.tree.parent.iterdir()) == ["git", "scratch", "tree"]
    assert not (workspace.tree / "d").exists()
