"""`pullwright workflow`: list, show, validate, graph, schema, and what a run would do."""

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from core.workflow.catalogue import FOLDER
from core.workflow.schema import schema

TIDY = """
name: tidy
description: Tidies up.
on: {command: tidy, label: "pullwright:tidy"}
inputs:
  deep: {type: boolean, default: false}
  place: {type: string}
steps:
  - {id: look, check: {uses: tests}, expect: any}
  - {id: deeply, run: make tidy, when: "${{ inputs.deep }}"}
  - {id: titled, run: make titles, when: "${{ subject.title == 'Tidy' and policy.merge == 'person' }}"}
  - {id: later, run: make more, when: "${{ steps.look.report.verdict == 'red' }}"}
  - {id: mine, run: make mine, when: "${{ subject.author == 'ada' }}"}
  - id: risky
    run: make risky
    continue_on_error: true
    retry: {attempts: 4}
    on_failure: [{id: mend, agent: {role: implementer, task: Mend it.}}]
"""
QUIET = "name: quiet\nsteps:\n  - {id: a, run: make}\n"


def workflow(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["workflow", *arguments])


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "repo" / FOLDER
    folder.mkdir(parents=True)
    (folder / "tidy.yml").write_text(TIDY)
    (tmp_path / "repo" / "Makefile").write_text("test:\n\ttrue\n")
    (tmp_path / "issue.md").write_text("# Tidy\n\nPlease.\n")
    return Path("repo")


def dry(*arguments: str) -> dict[str, Any]:
    ended = workflow("run", *arguments, "--dry-run", "--issue", "issue.md", "--json")
    assert ended.exit_code in {0, 1}, ended.output
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


# Reading --------------------------------------------------------------------------------------------------------


def test_the_built_in_workflows_are_listed_with_what_starts_them() -> None:
    rows = workflow("list").stdout.splitlines()
    assert rows[0].split() == ["NAME", "FROM", "STARTED", "BY", "WHAT"]
    words = [" ".join(row.split()) for row in rows]
    assert any(row.startswith("implement built-in /implement, pullwright:implement Triage, ") for row in words)


def test_a_checkouts_own_workflows_are_listed_beside_them(repo: Path) -> None:
    (repo / FOLDER / "implement.yml").write_text("name: implement\nstepz: []\n")
    listed = {one["name"]: one for one in json.loads(workflow("list", "--repo", "repo", "--json").stdout)}
    assert (listed["tidy"]["from"], listed["tidy"]["command"]) == (f"repo/{FOLDER}/tidy.yml", "tidy")
    assert listed["implement"]["from"] == f"repo/{FOLDER}/implement.yml"
    assert len(listed["implement"]["mistakes"]) == 2
    assert "2 mistakes" in workflow("list", "--repo", "repo").stdout


def test_a_workflow_is_shown_as_it_is_written(repo: Path) -> None:
    assert "\nname: implement\n" in workflow("show", "implement").stdout
    assert workflow("show", "tidy", "--repo", "repo").stdout == f"{TIDY.rstrip()}\n"
    assert json.loads(workflow("show", f"repo/{FOLDER}/tidy.yml", "--json").stdout)["on"] == {
        "command": "tidy",
        "label": "pullwright:tidy",
    }


def test_a_file_cannot_move_the_cursor(repo: Path) -> None:
    (repo / "sly.yml").write_text("# \x1b[2J\u202e\n" + QUIET)
    assert "\x1b" not in workflow("show", "repo/sly.yml").stdout
    assert "\\x1b[2J\\u202e" in workflow("show", "repo/sly.yml").stdout


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    ended = workflow("show", "implemint")
    assert ended.exit_code == 2
    assert "There is no workflow 'implemint': bump-dependency, fix, fix-tests, implement, investigate, " in ended.output
    assert workflow("graph", "nowhere.yml").exit_code == 2


# Checking -------------------------------------------------------------------------------------------------------


def test_every_workflow_of_a_checkout_is_checked_beside_the_others(repo: Path) -> None:
    assert workflow("validate", "--repo", "repo").stdout == f"repo/{FOLDER}/tidy.yml: ok\n"
    (repo / FOLDER / "other.yml").write_text(TIDY.replace("name: tidy", "name: other").replace("pullwright:", "x:"))
    ended = workflow("validate", "--repo", "repo")
    assert ended.exit_code == 1
    assert ended.stdout == (
        f"repo/{FOLDER}/other.yml: 2 mistakes\n"
        f"  repo/{FOLDER}/other.yml:4:15: `/tidy` is taken: `repo/{FOLDER}/tidy.yml` listens to it\n"
        f"  repo/{FOLDER}/other.yml:4:28: a workflow's label begins with `pullwright:`\n"
        f"repo/{FOLDER}/tidy.yml: 1 mistake\n"
        f"  repo/{FOLDER}/tidy.yml:4:15: `/tidy` is taken: `repo/{FOLDER}/other.yml` listens to it\n"
    )


def test_one_file_of_a_checkout_is_checked_as_on_the_default_branch(repo: Path) -> None:
    file = repo / FOLDER / "stop.yml"
    file.write_text("name: halt\non: {command: cancel}\nsteps:\n  - {id: a, run: x}\n")
    assert workflow("validate", str(file)).stdout == (
        f"{file}: 2 mistakes\n"
        f"  {file}:1:7: a workflow is called like its file: `stop`\n"
        f"  {file}:2:15: `/cancel` is a command of the bot's own\n"
    )
    elsewhere = repo / "stop.yml"
    elsewhere.write_text(file.read_text())
    assert workflow("validate", str(elsewhere)).stdout == f"{elsewhere}: ok\n"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("# " + "x" * 10_000_000, "1:1: the file is larger than 256 KiB"),
        ("a: &a [x, x]\nb: [*a, *a]\n", "1:4: aliases (`*name`) are not allowed"),
        ("name: [\n", "2:1: expected the node content, but found '<stream end>'"),
        ("- a\n", "1:1: the file must be a mapping of keys to values"),
        ("", "1:1: `name`: field required"),
    ],
    ids=["10 MB", "bomb", "no YAML", "a list", "empty"],
)
def test_what_is_no_workflow_at_all_is_told_in_a_moment(repo: Path, text: str, mistake: str) -> None:
    for file in (repo / FOLDER / "bad.yml", repo / "bad.yml"):
        file.write_text(text)
        ended = workflow("validate", str(file))
        assert ended.exit_code == 1
        assert f"  {file}:{mistake}\n" in ended.stdout


def test_a_link_in_a_checkout_is_not_followed(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("name: [password")
    (repo / FOLDER / "bad.yml").symlink_to(tmp_path / "secret")
    os.mkfifo(repo / FOLDER / "pipe.yml")
    ended = workflow("validate", "--repo", "repo")
    assert f"repo/{FOLDER}/bad.yml:1:1: this is not a file\n" in ended.stdout
    assert f"repo/{FOLDER}/pipe.yml:1:1: this is not a file\n" in ended.stdout


def test_validate_wants_something_to_check() -> None:
    assert workflow("validate").exit_code == 2


# Drawing --------------------------------------------------------------------------------------------------------


def test_a_workflow_is_drawn_as_mermaid_or_as_a_picture(repo: Path) -> None:
    assert workflow("graph", "implement").stdout.startswith("flowchart TD\n")
    drawn = workflow("graph", "tidy", "--repo", "repo", "--svg").stdout
    assert ElementTree.fromstring(drawn).tag.endswith("svg")


def test_a_broken_workflow_is_not_drawn_and_its_mistakes_go_to_stderr(repo: Path) -> None:
    (repo / "bad.yml").write_text("name: bad\nsteps: [{id: a, rum: x}]\n")
    ended = workflow("graph", "repo/bad.yml")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "unknown key `rum`; did you mean `run`?" in ended.stderr


def test_the_schema_is_printed_for_editors() -> None:
    assert json.loads(workflow("schema").stdout) == json.loads(json.dumps(schema()))


# What a run would do --------------------------------------------------------------------------------------------


def test_a_rehearsal_says_of_each_step_whether_it_is_done_as_far_as_that_can_be_told(repo: Path) -> None:
    told = dry("tidy", "--repo", "repo", "--input", "place=here")
    steps = {step["id"]: step for step in told["rehearsal"]["steps"]}
    assert {name: step["done"] for name, step in steps.items()} == {
        "look": "yes",
        "deeply": "no",
        "titled": "yes",
        "later": "depends",
        "mine": "depends",
        "risky": "yes",
    }
    assert steps["later"]["why"] == "steps.look.report.verdict == 'red'"
    assert told["inputs"] == {"place": "here"}
    assert dry("tidy", "--repo", "repo", "--input", "place=x", "--input", "deep=true")["rehearsal"]["steps"][1][
        "done"
    ] == ("yes")


def test_a_rehearsal_says_what_is_run_how_often_and_what_mends_it(repo: Path) -> None:
    steps = dry("tidy", "--repo", "repo", "--input", "place=x")["rehearsal"]["steps"]
    assert steps[0]["notes"] == ["runs `make test`"]
    assert steps[-1]["notes"] == ["the run continues without it if it fails", "tried 4×"]
    assert [step["id"] for step in steps[-1]["on_failure"]] == ["mend"]


def test_a_rehearsal_says_whom_policy_would_ask(repo: Path) -> None:
    def gates(policy: str) -> list[str]:
        (repo / ".github" / "pullwright.yml").write_text(policy)
        steps = dry("implement", "--repo", "repo")["rehearsal"]["steps"]
        return [note for step in steps if step["id"].endswith("-approved") for note in step["notes"]]

    assert gates("policy: strict\n") == [
        "waits for 1 approval with the role `write` or above, not by the requester",
        "waits for 2 approvals with the role `write` or above, not by the requester",
    ]
    plan, change = gates("policy: team\n")
    assert plan.startswith("opens by itself, unless the plan touches more than 5 files or touches a risky path")
    assert change == "waits for 1 approval with the role `write` or above, not by the requester"
    assert gates("policy: team\nplan: {wait: never}\n")[0] == "opens by itself: the policy asks nobody about plans"


def test_a_rehearsal_says_what_it_may_cost_at_most(repo: Path) -> None:
    (repo / ".github" / "pullwright.yml").write_text("policy: team\nlimits: {run_cost_usd: 0.75}\n")
    assert dry("implement", "--repo", "repo")["rehearsal"]["cost_usd"] == 0.75
    (repo / FOLDER / "quiet.yml").write_text(QUIET)
    ended = workflow("run", "quiet", "--repo", "repo", "--dry-run", "--issue", "issue.md")
    assert ended.stdout == (
        "quiet for 'Tidy', under `.github/pullwright.yml`, starting from `team`\n\n"
        "STEP        WHAT\n"
        "a     done  runs make\n\n"
        "No model is called.\n"
        "Nothing was started, and nothing written.\n"
    )


def test_a_rehearsal_writes_nothing(repo: Path, tmp_path: Path) -> None:
    def listed() -> list[tuple[str, float]]:
        return sorted((str(path), path.lstat().st_mtime_ns) for path in tmp_path.rglob("*"))

    before = listed()
    dry("tidy", "--repo", "repo", "--input", "place=here")
    assert listed() == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "`place` is missing"),
        (("--input", "plce=x"), "there is no input `plce`; did you mean `place`?"),
        (("--input", "place=x", "--input", "deep=very"), "`deep` is a boolean, and `very` is none"),
    ],
)
def test_inputs_that_do_not_fit_are_told_as_in_a_comment(repo: Path, arguments: tuple[str, ...], why: str) -> None:
    ended = workflow("run", "tidy", "--repo", "repo", "--dry-run", "--issue", "issue.md", *arguments)
    assert ended.exit_code == 1
    assert why in ended.stderr.splitlines()


def test_a_condition_that_cannot_be_evaluated_fails_the_rehearsal(repo: Path) -> None:
    (repo / "odd.yml").write_text("name: odd\nsteps:\n  - {id: a, run: x, when: '${{ subject.title }}'}\n")
    ended = workflow("run", "repo/odd.yml", "--dry-run", "--issue", "issue.md")
    assert ended.exit_code == 1
    assert "`${{ subject.title }}` is neither true nor false." in ended.stdout


def test_a_broken_policy_is_told_and_nothing_is_rehearsed(repo: Path) -> None:
    (repo / ".github" / "pullwright.yml").write_text("polisy: team\n")
    ended = workflow("run", "tidy", "--repo", "repo", "--dry-run", "--issue", "issue.md", "--input", "place=x")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "unknown key `polisy`; did you mean `policy`?" in ended.stderr


def test_run_without_dry_run_is_wrong_usage(repo: Path) -> None:
    ended = workflow("run", "implement", "--issue", "issue.md")
    assert ended.exit_code == 2
    assert "Say where and for whom: --repo OWNER/NAME --as LOGIN. Or --dry-run." in ended.output
