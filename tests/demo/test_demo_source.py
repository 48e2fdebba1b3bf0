"""What the demo reads from a repository before it plays it."""

import os
import shutil
from pathlib import Path

import pytest

from bot.demo.source import Source, look_at

from .conftest import git


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


async def test_a_repository_of_another_user_starts_nothing_of_its_own(project: Path, monkeypatch: pytest.MonkeyPatch):
    stranger = project.parent / "bin" / "git"
    stranger.parent.mkdir()
    # Git's own switch for its tests: every repository counts as another user's.
    stranger.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "{shutil.which("git")}" "$@"\n')
    stranger.chmod(0o755)
    trap = project.parent / "ran"
    git(project, "config", "filter.trap.clean", f"touch {trap}; cat")
    git(project, "config", "core.fsmonitor", f"touch {trap}")
    (project / ".git" / "info" / "attributes").write_text("* filter=trap\n")
    (project / "README.md").write_text("changed")
    monkeypatch.setenv("PATH", f"{stranger.parent}:{os.environ['PATH']}")
    assert await look_at(project) == Source(project, "trunk", uncommitted=False)
    assert not trap.exists()
