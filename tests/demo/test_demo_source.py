"""What the demo reads from a repository before it plays it."""

import os
import shutil
from pathlib import Path

import pytest

from bot.demo.source import Source, look_at
from tests.demo.conftest import git


async def test_the_branch_that_is_checked_out_becomes_the_default_branch(project: Path):
    git(project, "branch", "main")
    assert await look_at(project) == Source(project, "trunk", uncommitted=False)


async def test_only_tracked_files_count_as_not_committed(project: Path):
    (project / "new.txt").write_text("new")
    assert not (await look_at(project)).uncommitted
    (project / "README.md").write_text("changed")
    assert (await look_at(project)).uncommitted


async def test_a_bare_repository_can_be_played(project: Path):
    git(project.parent, "clone", "--quiet", "--bare", str(project), "bare.git")
    assert await look_at(project.parent / "bare.git") == Source(project.parent / "bare.git", "trunk", uncommitted=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_repository_of_another_user_starts_nothing_of_its_own(project: Path):
    trap = project.parent / "ran"
    git(project, "config", "filter.trap.clean", f"touch {trap}; cat")
    git(project, "config", "core.fsmonitor", f"touch {trap}")
    (project / ".git" / "info" / "attributes").write_text("* filter=trap\n")
    (project / "README.md").write_text("changed")
    for folder, _, files in os.walk(project):
        for name in (".", *files):
            shutil.chown(Path(folder, name), user=65534)
    assert await look_at(project) == Source(project, "trunk", uncommitted=False)
    assert not trap.exists()
