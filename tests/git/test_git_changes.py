"""What differs between two commits, and commits themselves."""

from datetime import datetime, timedelta, timezone

import pytest
from git_origin import BOT, REPO, TOKEN, WHEN, Origin, run_git

from adapters.git.workspaces import GitWorkspace, Workspaces
from core.digests import ChangedPath
from core.names import RunId, Sha
from core.workspaces import ListedFile


async def test_a_change_names_paths_modes_and_both_blobs_and_a_rename_is_two_paths(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "README").rename(workspace.tree / "README.md")
    (workspace.tree / "tool").write_text("#!/bin/bash\n")
    tree = await workspace.snapshot()
    readme, old, new = (
        run_git(workspace.tree, "hash-object", "--stdin", stdin=text)
        for text in (b"Slugs.\n", b"#!/bin/sh\n", b"#!/bin/bash\n")
    )
    assert await workspace.changed_paths(base, tree) == (
        ChangedPath(path="README", mode="000000", base_blob=readme, head_blob=None),
        ChangedPath(path="README.md", mode="100644", base_blob=None, head_blob=readme),
        ChangedPath(path="tool", mode="100755", base_blob=old, head_blob=new),
    )


async def test_a_diff_counts_lines_and_names_what_is_binary(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "README").write_text("Slugs!\nMore.\n")
    (workspace.tree / "blob.bin").write_bytes(b"\0\1\2")
    diff = await workspace.diff(base, await workspace.snapshot())
    assert (diff.additions, diff.deletions, diff.binary, diff.truncated) == (2, 1, ("blob.bin",), False)
    assert b"-Slugs.\n+Slugs!\n+More.\n" in diff.patch


async def test_a_patch_is_cut_at_its_limit(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "long").write_text("line\n" * 200_000)
    diff = await workspace.diff(base, await workspace.snapshot(), limit_bytes=1000)
    assert (len(diff.patch), diff.truncated, diff.additions) == (1000, True, 200_000)


async def test_a_change_cannot_hide_itself_from_its_reviewers(workspace: GitWorkspace, base: Sha):
    (workspace.tree / ".gitattributes").write_text("* -diff\n*.py binary linguist-generated\n")
    (workspace.tree / "src/slugs.py").write_text("import os\n")
    diff = await workspace.diff(base, await workspace.snapshot())
    assert b"+import os" in diff.patch
    assert diff.binary == ()


async def test_only_regular_files_are_read_and_no_more_than_asked(workspace: GitWorkspace, base: Sha):
    assert await workspace.read(base, "README", 3) == b"Slu"
    assert await workspace.read(base, "src/slugs.py", 1000) == b"def slugify(text):\n    return text\n"
    assert [
        await workspace.read(base, path, 10) for path in ("link", "src", "missing", "src/missing", "../README")
    ] == [None] * 5


async def test_files_are_listed_with_mode_and_size(workspace: GitWorkspace, base: Sha):
    assert await workspace.list_files(base) == [
        ListedFile("100644", ".gitignore", 13),
        ListedFile("100644", "README", 7),
        ListedFile("120000", "link", 12),
        ListedFile("100644", "src/slugs.py", 35),
        ListedFile("100755", "tool", 10),
    ]


async def test_an_overlay_takes_the_named_paths_and_no_others(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "src/slugs.py").write_text("fixed\n")
    (workspace.tree / "tests").mkdir()
    (workspace.tree / "tests/test_slugs.py").write_text("def test(): ...\n")
    (workspace.tree / "README").unlink()
    head = await workspace.snapshot()
    tree = await workspace.overlay(base, head, ["tests", "README"])
    assert [(path.path, path.mode) for path in await workspace.changed_paths(base, tree)] == [
        ("README", "000000"),
        ("tests/test_slugs.py", "100644"),
    ]
    folder = await workspace.scratch(tree, "red-on-base")
    assert (folder / "tests/test_slugs.py").exists()
    assert (folder / "src/slugs.py").read_text() == "def slugify(text):\n    return text\n"
    await workspace.discard("red-on-base")
    assert not folder.exists()


async def test_the_same_commit_made_twice_is_one_commit(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "README").write_text("Better.\n")
    tree = await workspace.snapshot()
    message = "docs: better\n\nPullwright-Run: run000000001\n"
    first = await workspace.commit(tree, [base], message, BOT, WHEN)
    second = await workspace.commit(tree, [base], message, BOT, WHEN.astimezone(timezone(timedelta(hours=5))))
    assert first == second
    git_dir = str(workspace.tree.parent / "git")
    assert run_git(workspace.tree, "show", "-s", "--format=%an|%ae|%cn|%at|%P|%B", first, GIT_DIR=git_dir) == (
        f"{BOT.name}|{BOT.email}|{BOT.name}|{int(WHEN.timestamp())}|{base}|{message.strip()}"
    )


async def test_a_time_without_a_zone_makes_no_commit(workspace: GitWorkspace, base: Sha):
    with pytest.raises(ValueError, match=r"^The time of a commit must be aware\.$"):
        await workspace.commit(base, [base], "x\n", BOT, datetime(2026, 1, 1))  # noqa: DTZ001


async def test_the_habits_of_the_repository_are_read_from_its_commits(
    workspaces: Workspaces, origin: Origin, base: Sha
):
    origin.push({"a": "1"}, "fix: one\n\nSigned-off-by: Ada <ada@example.org>")
    head = origin.push({"a": "2"}, "fix: two\n\nWhy.\n\nSigned-off-by: Ada <ada@example.org>")
    await workspaces.mirrors.fetch(REPO.id, origin.url, TOKEN, ["main"])
    workspace = await workspaces.open(RunId("run000000003"), REPO, head)
    assert await workspace.recent_subjects(10) == ["fix: two", "fix: one", "feat: slugs"]
    assert await workspace.recent_subjects(1) == ["fix: two"]
    assert await workspace.signs_off(10)
    assert not await (await workspaces.open(RunId("run000000004"), REPO, base)).signs_off(10)


async def test_the_merge_base_is_the_newest_commit_of_both(workspace: GitWorkspace, base: Sha):
    (workspace.tree / "one").touch()
    one = await workspace.commit(await workspace.snapshot(), [base], "one\n", BOT, WHEN)
    (workspace.tree / "two").touch()
    two = await workspace.commit(await workspace.snapshot(), [base], "two\n", BOT, WHEN)
    alone = await workspace.commit(await workspace.snapshot(), [], "alone\n", BOT, WHEN)
    assert await workspace.merge_base(one, two) == base
    assert await workspace.merge_base(one, alone) is None
