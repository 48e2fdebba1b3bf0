"""`pullwright demo`, as a program: what it prints, how it ends, and what it leaves."""

import json
import os
from pathlib import Path

import pytest

from tests.demo.conftest import ISSUE, SCRIPT, Demo, git

TESTS_CHECK = "pullwright/tests"


def test_the_story_ends_with_a_merged_pull_request_and_leaves_nothing(demo: Demo, data_dir: Path):
    ended = demo("--json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["merged"] is True
    assert told["state"] == "succeeded"
    assert told["first_webhook_seconds"] > 0
    checks = {check["name"]: check for check in told["checks"]}
    assert set(checks) == {TESTS_CHECK, "pullwright/policy", "pullwright/review", "pullwright/approval"}
    assert {check["conclusion"] for check in checks.values()} == {"success"}
    assert "| `tests/test_text.py` | 🔴 red | 🟢 green |" in checks[TESTS_CHECK]["summary"]
    assert {entry["who"] for entry in told["timeline"]} == {"rosa", "ada", "pullwright"}
    assert "opens issue #1" in ended.stderr
    assert processes_of(data_dir) == []
    assert list((data_dir / "demo").iterdir()) == []


def test_a_script_that_runs_out_ends_with_1_on_any_default_branch_and_says_where(demo: Demo, project: Path):
    (project / "slugs" / "text.py").write_text("not committed\n")
    script = project.parent / "short.yml"
    script.write_text(
        "plan:\n  - submit: {summary: s, steps: [s], files: [slugs/text.py]}\nchange:\n  - read: README.md\n"
    )
    ended = demo("--repo", project, "--issue", ISSUE, "--script", script)
    assert ended.returncode == 1
    assert ended.stderr == f"{project} has changes that are not committed. The demo plays the last commit of `trunk`.\n"
    assert "takes it up with the workflow `implement`, at trunk@" in ended.stdout
    assert "The pull request was not merged. The bot's last words:" in ended.stdout
    assert "The section `change` of the script ends after turn 1." in ended.stdout
    assert "CHECK" not in ended.stdout, "there is no check to show"
    assert processes_of(project.parent) == []


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
def test_a_repository_that_cannot_be_played_is_refused_with_2_and_the_remedy(demo: Demo, project: Path, made, message):
    named = made(project)
    ended = demo("--repo", named, "--issue", ISSUE, "--script", SCRIPT)
    assert (ended.returncode, ended.stdout) == (2, "")
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
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(demo: Demo, project: Path, arguments, message):
    (project.parent / "blank.md").write_text("\n# \n\nText.\n")
    (project.parent / "bytes.md").write_bytes(b"\xff\xfe")
    (project.parent / "wrong.yml").write_text("plan:\n  - raed: README.md\n")
    ended = demo(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"Error: {message}" in ended.stderr


def test_it_is_refused_beside_the_settings_of_a_real_service(demo: Demo, data_dir: Path):
    ended = demo(APP_ID="4711", WEBHOOK_SECRET="s3cret-of-the-operator")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(
        "pullwright: The demo runs beside nothing real. Unset PULLWRIGHT_APP_ID, PULLWRIGHT_WEBHOOK_SECRET.\n"
    )
    assert "s3cret" not in ended.stderr
    assert not data_dir.exists()


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes whose environment names this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(folder) in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it ended while we looked
    return found
