"""`pullwright doctor` looks for git, and whether it is new enough: without it no run can begin."""

from pathlib import Path

import pytest

from adapters.git.installed import OLDEST, new_enough
from adapters.settings import load
from bot.cli.doctor import _CHECKS, Line


async def told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """What the doctor says where this folder is all that the machine has of programs."""
    monkeypatch.setenv("PATH", str(folder))
    return await _CHECKS["git"](load({"PULLWRIGHT_DATA_DIR": str(folder)}))


def put(folder: Path, says: str) -> None:
    git = folder / "git"
    git.write_text(f"#!/bin/sh\necho '{says}'\n")
    git.chmod(0o755)


async def test_a_git_that_is_new_enough_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "git version 2.39.5")
    assert await told(tmp_path, monkeypatch) == [Line("git", True, "2.39.5")]


async def test_a_git_that_is_too_old_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "git version 2.34.1")
    assert await told(tmp_path, monkeypatch) == [
        Line("git", False, "2.34.1 is too old", "Install git 2.38 or newer."),
    ]


async def test_a_machine_without_git_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await told(tmp_path, monkeypatch) == [
        Line("git", False, "there is no git on the PATH", "On Debian: apt-get install -y git."),
    ]


@pytest.mark.parametrize(
    ("version", "enough"),
    [("2.38.0", True), ("2.37.9", False), ("2.100.1", True), ("3.0.0-rc1", True), ("1.99", False), ("unknown", False)],
)
def test_versions_are_compared_as_numbers(version: str, enough: bool) -> None:
    assert OLDEST == (2, 38)
    assert new_enough(version) is enough
