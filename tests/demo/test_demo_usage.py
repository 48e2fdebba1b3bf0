"""What `pullwright demo` refuses before it starts anything: exit code 2, and a message that says what to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli

from .conftest import ISSUE, SCRIPT, git


def _plain_folder(project: Path) -> Path:
    folder = project.parent / "plain"
    folder.mkdir()
    return folder


def _without_commit(project: Path) -> Path:
    git(_plain_folder(project), "init", "--quiet")
    return project.parent / "plain"


def _inside(project: Path) -> Path:
    return project / "slugs"


def _detached(project: Path) -> Path:
    git(project, "checkout", "--quiet", "--detach")
    return project


def _shallow(project: Path) -> Path:
    git(project, "commit", "--quiet", "--allow-empty", "--message=More")
    git(project.parent, "clone", "--quiet", "--depth=1", project.as_uri(), "shallow")
    return project.parent / "shallow"


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (_plain_folder, "{} is no git repository. In it, run `git init`, `git add --all` and `git commit` first."),
        (_without_commit, "{} has no commit. In it, run `git add --all` and `git commit` first."),
        (_inside, "{} is a folder inside a git repository. Name its root, {root}."),
        (_detached, "{} is on no branch (detached HEAD). Switch to the one that shall be the default branch."),
        (_shallow, "{} is a shallow clone, which cannot be cloned again. Run `git fetch --unshallow` in it."),
    ],
)
def test_a_repository_that_cannot_be_played_is_refused_with_2_and_the_remedy(project: Path, made, message):
    named = made(project)
    ended = called("--repo", str(named), "--issue", ISSUE, "--script", SCRIPT)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.endswith(f"Error: {message.format(named, root=project)}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repo", "project"], "--repo needs an --issue to work on, and a --script or a --model to do it."),
        (["--repo", "project", "--issue", ISSUE], "--repo needs an --issue to work on, and a --script or a --model"),
        (["--script", SCRIPT, "--model", "m"], "--script and --model exclude each other: a real model follows no"),
        (["--repo", "none"], "Invalid value for '--repo': Directory 'none' does not exist."),
        (["--issue", "none.md"], "Invalid value for '--issue': File 'none.md' does not exist."),
        (["--script", "none.yml"], "Invalid value for '--script': File 'none.yml' does not exist."),
        (["--issue", "blank.md"], "blank.md has no title: its first line is the title, the rest the text."),
        (["--issue", "bytes.md"], "bytes.md is no UTF-8 text."),
        (["--script", "wrong.yml"], "The script cannot be followed.\nwrong.yml:2:5: unknown word `raed`; a turn says"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(project: Path, monkeypatch, arguments, message):
    monkeypatch.chdir(project.parent)
    Path("blank.md").write_text("\n# \n\nText.\n")
    Path("bytes.md").write_bytes(b"\xff\xfe")
    Path("wrong.yml").write_text("plan:\n  - raed: README.md\n")
    ended = called(*arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"Error: {message}" in ended.stderr


def called(*arguments: str) -> Result:
    """The command, called as the console script calls it."""
    return CliRunner(env={"PULLWRIGHT_DATA_DIR": "/nonexistent"}).invoke(cli, ["demo", *arguments])
