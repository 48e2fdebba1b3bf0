"""The tools for workflow files know files that are made of others."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli

CALLS = "name: greet\nsteps:\n  - {id: look, uses: count, with: {word: def}}\n  - {id: say, run: 'true'}\n"
COUNT = """name: count
inputs: {word: {type: string}}
steps: [{id: find, run: ./count, env: {WORD: "${{ inputs.word }}"}}]
outputs: {places: "${{ steps.find.output }}"}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder, name, text in (("workflows", "greet", CALLS), ("steps", "count", COUNT)):
        path = tmp_path / ".github" / "pullwright" / folder / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def pullwright(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["workflow", *map(str, arguments)], catch_exceptions=False)


def test_composite_steps_are_checked_with_the_workflows_beside_them(checkout: Path) -> None:
    steps = checkout / ".github" / "pullwright" / "steps"
    (steps / "count.yml").write_text(COUNT.replace("inputs.word", "subject.title"))
    told = pullwright("validate", "--repo", checkout)
    assert told.exit_code == 1
    assert f"{steps}/count.yml:3:46: `subject` is not known here" in told.stdout
    assert f"greet.yml:3:22: `count` has mistakes of its own: see `{steps}/count.yml`" in told.stdout
    alone = pullwright("validate", "--json", steps / "count.yml")
    assert [one["ok"] for one in json.loads(alone.stdout)] == [False]


def test_a_workflow_is_shown_as_it_is_written_or_as_a_run_pins_it(checkout: Path) -> None:
    assert pullwright("show", "greet", "--repo", checkout).stdout == CALLS
    whole = pullwright("show", "greet", "--whole", "--repo", checkout).stdout
    assert "run: ./count" in whole


def test_a_graph_shows_the_steps_of_a_composite_step_beside_it(checkout: Path) -> None:
    drawn = pullwright("graph", "greet", "--repo", checkout).stdout
    assert '  s1["look<br/>does the steps of count"]' in drawn
    assert '  s1f1["look.find<br/>runs ./count"]' in drawn
    assert '  s1 -.->|"its steps"| s1f1' in drawn


def test_a_rehearsal_tells_the_steps_of_a_composite_step(checkout: Path) -> None:
    issue = checkout / "issue.md"
    issue.write_text("Count\n")
    told = pullwright("run", "greet", "--dry-run", "--issue", issue, "--repo", checkout)
    assert told.exit_code == 0
    assert "which are:" in told.stdout
    assert "look.find" in told.stdout


def test_there_is_a_schema_for_the_file_of_a_composite_step() -> None:
    made = json.loads(pullwright("schema", "--step").stdout)
    assert set(made["properties"]) == {"name", "description", "inputs", "steps", "outputs"}
