"""`pullwright demo`, as a program: what it prints, how it ends, and what it leaves."""

import json
import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from .conftest import ISSUE, PULLWRIGHT, SCRIPT, Demo, git

TESTS_CHECK = "pullwright/tests"
CONVERSATION = Path(__file__).parents[2] / "docs" / "conversation.md"
SHOWN = re.compile(r"^````markdown\n(.*?)\n````$", re.DOTALL | re.MULTILINE)


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


@pytest.mark.slow
def test_what_is_kept_can_be_looked_at_until_ctrl_c(environ: dict[str, str], data_dir: Path):
    with subprocess.Popen(
        [PULLWRIGHT, "demo", "--keep", "--json"], env=environ, stdout=PIPE, stderr=PIPE, text=True
    ) as playing:
        assert playing.stdout is not None
        assert playing.stderr is not None
        said = {}
        for line in playing.stderr:
            key, _, value = line.strip().partition("  ")
            said[key] = value.strip()
            if key == "the run":
                break
        address = said["git"].removeprefix("git clone ")
        git(data_dir, "clone", "--quiet", address, "clone")
        said_there = everything_said(said["GitHub"].partition("/issues/")[0])
        playing.send_signal(signal.SIGINT)
        told, _ = playing.communicate(timeout=60)
    assert playing.returncode == 0
    assert json.loads(told)["merged"] is True
    assert said_there == [without_names(shown) for shown in SHOWN.findall(CONVERSATION.read_text())]
    assert "test_accents_become_plain_letters" in (data_dir / "clone" / "tests" / "test_text.py").read_text()
    assert Path(said["log"]).read_text().startswith("{")
    assert processes_of(data_dir) == []


@pytest.mark.slow
def test_a_script_that_runs_out_ends_with_1_on_any_default_branch_and_says_where(demo: Demo, project: Path):
    (project / "slugs" / "text.py").write_text("not committed\n")
    script = project.parent / "short.yml"
    script.write_text(
        "plan:\n  - submit: {summary: s, steps: [s], files: [slugs/text.py]}\nchange:\n  - read: none.py\n"
    )
    ended = demo("--repo", project, "--issue", ISSUE, "--script", script)
    assert ended.returncode == 1
    assert ended.stderr == f"{project} has changes that are not committed. The demo plays the last commit of `trunk`.\n"
    assert "starts the workflow `implement`, at trunk@" in ended.stdout
    assert "The pull request was not merged. The bot's last words:" in ended.stdout
    assert "The section `change` of the script ends after turn 1." in ended.stdout
    assert "script      change, turn 1: `none.py` does not exist." in ended.stdout
    assert "CHECK" not in ended.stdout, "there is no check to show"
    assert processes_of(project.parent) == []


def test_it_is_refused_beside_the_settings_of_a_real_service(demo: Demo, data_dir: Path):
    ended = demo(APP_ID="4711", WEBHOOK_SECRET="s3cret-of-the-operator")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(
        "pullwright: The demo runs beside nothing real. Unset PULLWRIGHT_APP_ID, PULLWRIGHT_WEBHOOK_SECRET.\n"
    )
    assert "s3cret" not in ended.stderr
    assert not data_dir.exists()


def test_wrong_usage_ends_with_2_and_a_repository_is_left_alone(demo: Demo, project: Path):
    ended = demo("--repo", project / "slugs", "--issue", ISSUE, "--script", SCRIPT)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith(
        f"Error: {project / 'slugs'} is a folder inside a git repository. Name its root, {project}.\n"
    )
    assert git(project, "status", "--porcelain") == ""


def everything_said(repository: str) -> list[str]:
    """The bot's comments on the issue, the text of its pull request and its comment there: as the page shows them."""

    def asked(path: str) -> Any:
        with urllib.request.urlopen(f"{repository}/{path}") as answer:
            return json.load(answer)

    on_issue, on_pull = asked("issues/1/comments"), asked("issues/2/comments")
    ours = [[one for one in comments if one["user"]["type"] == "Bot"] for comments in (on_issue, on_pull)]
    return [without_names(one["body"].partition("\n\n<!-- ")[0]) for one in (*ours[0], asked("pulls/2"), *ours[1])]


def without_names(text: str) -> str:
    """The text without digests, commits and ids of runs, which differ from one story to the next."""
    return re.sub(r"(?<![a-z0-9])[a-z0-9]{12}(?![a-z0-9])", "…", text).strip()


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
