"""Whatever a box leaves in its tree, the host runs none of it, reads nothing elsewhere, and misses no change."""

import asyncio
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from git_origin import BOT, REPO, WHEN, run_git
from hostile_host import CANARY, Host
from hostile_repositories import TREES
from hostile_trees import Tree

from adapters.git.mirrors import Mirrors
from adapters.git.workspaces import GitWorkspace, Workspaces
from adapters.sandbox import boxes
from core.errors import TreeRefused
from core.names import RunId, Sha

SECONDS = 20
"""More than enough for any of these trees, and far less than host git is given."""


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mirror of a repository with files, a link, ignore rules and a submodule: made once, copied for every test."""
    folder = tmp_path_factory.mktemp("mirror")
    clone, bare = folder / "clone", folder / f"{REPO.id}.git"
    clone.mkdir()
    run_git(clone, "init", "--quiet", "--initial-branch=main")
    (clone / "src").mkdir()
    (clone / "src/slugs.py").write_text("def slugify(text):\n    return text\n")
    (clone / "README").write_text("Slugs.\n")
    (clone / ".gitignore").write_text("*.log\n")
    (clone / "link").symlink_to("src/slugs.py")
    run_git(clone, "add", "--all")
    run_git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    run_git(clone, "commit", "--quiet", "-m", "feat: slugs")
    run_git(folder, "clone", "--quiet", "--bare", str(clone), str(bare))
    return bare


@pytest.fixture
async def workspace(mirror: Path, tmp_path: Path) -> GitWorkspace:
    shutil.copytree(mirror, tmp_path / "mirrors" / mirror.name)
    workspaces = Workspaces(tmp_path / "workspaces", Mirrors(tmp_path / "mirrors"))
    return await workspaces.open(RunId("run000000001"), REPO, Sha(run_git(mirror, "rev-parse", "main")))


async def left_by_a_box(workspace: GitWorkspace, host: Host, script: str) -> None:
    box = boxes("bubblewrap").open(workspace.tree, mounts=workspace.mounts)
    result = await box.run(host.command(script))
    await box.kill()
    assert result.ok, result.text


def everything_stored(workspace: GitWorkspace) -> bytes:
    """Every object that a clone holds or borrows."""
    git_dir = workspace.tree.parent / "git"
    env = {"GIT_DIR": str(git_dir)}
    names = run_git(git_dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)", **env)
    stored = run_git(git_dir, "cat-file", "--batch", stdin=names.encode() + b"\n", **env)
    return stored.encode("utf-8", "surrogateescape")


def unharmed(workspace: GitWorkspace, host: Host) -> None:
    assert not host.ran
    assert not host.touched
    assert CANARY.encode() not in everything_stored(workspace)


REFUSED = [case for case in TREES if case.refused]
TAKEN = [case for case in TREES if not case.refused]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
async def test_a_tree_that_would_lead_somewhere_is_refused_with_a_sentence(
    workspace: GitWorkspace, host: Host, case: Tree
) -> None:
    await left_by_a_box(workspace, host, case.script)
    began = time.monotonic()
    with pytest.raises(TreeRefused) as refused:
        await workspace.snapshot()
    assert re.fullmatch(case.refused, str(refused.value))
    unharmed(workspace, host)
    await workspace.restore(workspace.base)
    assert sorted(path.name for path in workspace.tree.iterdir()) == [
        ".git", ".gitignore", "README", "link", "src", "vendor",
    ]  # fmt: skip
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
async def test_a_tree_is_taken_in_without_running_it_and_without_missing_a_change(
    workspace: GitWorkspace, host: Host, case: Tree
) -> None:
    await left_by_a_box(workspace, host, case.script)
    began = time.monotonic()
    tree, base = await workspace.snapshot(), workspace.base
    assert [path.path for path in await workspace.changed_paths(base, tree)] == list(case.changed)
    head = await workspace.commit(tree, [base], "feat: more\n", BOT, WHEN)
    diff = await workspace.diff(base, head)
    assert case.shown in diff.patch.decode("utf-8", "surrogateescape").splitlines() or not case.shown
    assert [path.path for path in diff.paths] == list(case.changed)
    await workspace.pack()
    await workspace.restore(head)
    assert await workspace.snapshot() == tree
    await workspace.scratch(head, "other")
    unharmed(workspace, host)
    assert time.monotonic() - began < SECONDS


SWAPPING = """
Path("started").touch()
while True:
    os.rename("src", "aside")
    os.symlink(HOST["outside"], "src")
    os.remove("src")
    os.rename("aside", "src")
    os.rename("README", "kept")
    os.symlink(HOST["secret"], "README")
    os.remove("README")
    os.rename("kept", "README")
"""


async def test_a_box_that_swaps_files_and_links_while_the_host_reads_leads_it_nowhere(
    workspace: GitWorkspace, host: Host
) -> None:
    box = boxes("bubblewrap").open(workspace.tree, mounts=workspace.mounts)
    swapping = asyncio.create_task(box.run(host.command(SWAPPING)))
    while not (workspace.tree / "started").exists():  # noqa: ASYNC110  # another process makes it
        await asyncio.sleep(0.01)
    refusals = 0
    # As often as it takes to meet the swap: how often that is depends on who else uses the processors.
    for _ in range(1_000):
        if refusals == 3:
            break
        try:
            await workspace.snapshot()
        except TreeRefused:
            refusals += 1
    await box.kill()
    assert (await swapping).why == "The box was killed.", "it swapped to the end"
    assert refusals == 3, "nothing was ever seen while it was swapped"
    unharmed(workspace, host)


@pytest.mark.parametrize(("name", "target"), [("src", "outside"), ("README", "secret.pem")])
async def test_what_is_swapped_between_the_look_and_the_opening_is_not_followed(
    workspace: GitWorkspace, host: Host, monkeypatch: pytest.MonkeyPatch, name: str, target: str
) -> None:
    """The swap of the test above at its worst moment: after the second look, when what is looked at will be read."""
    look, looks = os.stat, []

    def looked_at(path: Any, **options: Any) -> os.stat_result:
        status = look(path, **options)
        if path == name:
            looks.append(path)
            if len(looks) == 2:
                (workspace.tree / name).rename(workspace.tree / "aside")
                (workspace.tree / name).symlink_to(host.folder / target)
        return status

    monkeypatch.setattr("adapters.git.entries.os.stat", looked_at)
    with pytest.raises(TreeRefused) as refused:
        await workspace.snapshot()
    monkeypatch.undo()
    assert str(refused.value) == (f"{name} changed while the tree was read: something of the box is still alive.")
    unharmed(workspace, host)
