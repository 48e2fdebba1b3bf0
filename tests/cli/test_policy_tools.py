"""`pullwright policy init`, `schema`, `simulate`, `explain`."""

import json
import re

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.cli.policy import command
from core.errors import DocumentInvalid
from policies.schema import BuiltIn, built_in, load
from policies.starting_file import starting_file

FACTS = """
action: merge
repository: acme/shop
workflow: implement
requester: rosa
paths: [src/a.py]
"""


def run(*arguments: str):
    return CliRunner().invoke(command, list(arguments))


@pytest.mark.parametrize("name", list(BuiltIn))
def test_a_starting_file_means_its_built_in_policy_also_with_its_keys_uncommented(name):
    text = starting_file(name)
    assert load(text, "f.yml") == built_in(name)
    keys, mark, rules = text.partition("# Rules:")
    assert mark
    uncommented = re.sub(r"^#(?=[a-z]|  )", "", keys, flags=re.MULTILINE)
    assert uncommented != keys
    assert load(uncommented.replace("# What", "#  What"), "f.yml") == built_in(name)
    whole = load(uncommented + mark + re.sub(r"^#(?=[a-z]|  )", "", rules, flags=re.MULTILINE), "f.yml")
    assert [rule.name for rule in whole.rules] == ["only documentation", "the release crew"]


def test_init_writes_a_file_once(tmp_path):
    file = tmp_path / ".github" / "pullwright.yml"
    first, again = (run("init", "strict", "--file", str(file), "--json") for _ in range(2))
    assert (first.exit_code, json.loads(first.stdout)["ok"]) == (0, True)
    assert file.read_text() == starting_file(BuiltIn.strict)
    assert again.exit_code == 1
    assert "is there already" in json.loads(again.stdout)["why"]


def test_the_schema_knows_every_key():
    schema = json.loads(run("schema").stdout)
    assert {"policy", "rules", "actions", "deny", "quiet_hours"} <= schema["properties"].keys()
    assert "required" not in schema


def test_a_policy_is_simulated_with_what_ifs(tmp_path):
    (tmp_path / "p.yml").write_text("policy: team\ndeny: [{name: frozen, if: {label: [freeze]}}]\n")
    (tmp_path / "f.yml").write_text(FACTS + "labels: []\n")
    base = ("simulate", str(tmp_path / "p.yml"), "--facts", str(tmp_path / "f.yml"), "--json")

    def status(*more: str) -> str:
        return json.loads(run(*base, *more).stdout)["result"]["status"]

    assert status() == "pending"
    assert status("--approve", "ada") == "approved"
    assert status("--approve", "rosa:admin") == "pending"
    assert status("--approve", "ada:triage") == "pending"
    assert status("--approve", "ada", "--label", "freeze") == "denied"
    assert status("--action", "ship") == "approved"
    assert run(*base, "--approve", "ada:king").exit_code == 2
    assert run(*base[:2]).exit_code == 2
    assert "approved merge" in run(*base[:-1], "--approve", "ada").stdout


def test_mistakes_in_facts_are_told_with_their_places(tmp_path):
    (tmp_path / "p.yml").write_text("policy: team\n")
    (tmp_path / "f.yml").write_text(FACTS + "lables: []\nadded: many\n")
    told = run("simulate", str(tmp_path / "p.yml"), "--facts", str(tmp_path / "f.yml"))
    assert told.exit_code == 1
    assert "unknown key `lables`; did you mean `labels`?" in told.stderr
    assert "`added`: input should be a valid integer" in told.stderr


def test_where_nothing_was_decided_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PULLWRIGHT_DATA_DIR", str(tmp_path))
    told = run("explain", "acme/shop#3", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["ok"] is False


OPERATOR = """# operator.yml
prices: {}
policy:
  # what no repository may loosen
  plan: {wait: always}
  bots:
    renovate[bot]: triage
"""


@pytest.fixture
def operator(tmp_path, monkeypatch):
    file = tmp_path / "operator.yml"
    file.write_text(OPERATOR)
    monkeypatch.setenv("PULLWRIGHT_CONFIG", str(file))
    return file


def test_the_operators_policy_is_checked_where_the_settings_name_it(operator):
    ended = run("check", "--operator")
    assert (ended.exit_code, ended.stdout) == (0, f"{operator}: ok, starting from the built-in policy `team`\n")
    operator.write_text(OPERATOR.replace("always", "sometimes"))
    ended = run("check", "--operator", "--json")
    assert ended.exit_code == 1
    (_, mistake) = json.loads(ended.stdout)["why"].splitlines()
    assert mistake.startswith(f"{operator}:5:16: `plan.wait`: input should be 'never', 'when-risky' or 'always'")


def test_a_repositorys_file_is_checked_beside_the_operators(operator, tmp_path):
    mine = tmp_path / "mine.yml"
    mine.write_text("plan: {wait: never}\nbots: {'mine[bot]': read}\n")
    assert run("check", str(mine)).exit_code == 0
    ended = run("check", str(mine), "--operator")
    assert (ended.exit_code, ended.stdout) == (
        1,
        (
            f"{mine} loosens the operator's policy:\n"
            f"{mine}:1:14: `plan.wait: never` is looser than the operator's `always`\n"
            f"{mine}:2:21: `bots.mine[bot]: read` is looser than the operator's `none`\n"
        ),
    )
    mine.write_text("limits: {files: 3}\n")
    ended = run("check", str(mine), "--operator")
    ok = f"{mine}: ok, starting from the built-in policy `team` and no looser than the operator's\n"
    assert (ended.exit_code, ended.stdout) == (0, ok)


def test_there_is_nothing_to_check_where_no_file_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("PULLWRIGHT_CONFIG", raising=False)
    assert "Say which FILE, or --operator." in run("check").output
    ended = run("check", "--operator")
    assert str(ended.exception) == "There is no policy of the operator's: PULLWRIGHT_CONFIG names no file."
    (tmp_path / "operator.yml").write_text("prices: {}\n")
    monkeypatch.setenv("PULLWRIGHT_CONFIG", str(tmp_path / "operator.yml"))
    assert str(run("check", "--operator").exception).endswith("operator.yml has no `policy`.")


def test_listing_the_app_itself_is_a_mistake_that_is_named(tmp_path):
    (tmp_path / "p.yml").write_text("bots:\n  acme[bot]: triage\n")
    assert run("check", str(tmp_path / "p.yml")).exit_code == 0
    ended = run("check", str(tmp_path / "p.yml"), "--app", "acme")
    assert ended.exit_code == 1
    assert "p.yml:2:14: `acme[bot]` is this App itself, which never listens to what it did" in ended.stdout


def test_a_key_of_a_file_cannot_move_the_cursor_of_whoever_checks_it(tmp_path):
    file = tmp_path / "pullwright.yml"
    file.write_text('"\\e[2Jok": 1\n')
    result = run("check", str(file))
    assert result.exit_code == 1
    assert result.output == f"{file} is not valid:\n{file}:1:12: unknown key `\\x1b[2Jok`\n"


def test_nor_can_an_error_that_ends_a_command(monkeypatch, capsys):
    def refused():
        raise DocumentInvalid("a.yml", ["a.yml:1:1: unknown key `\x9b2J\u202eok`"])

    monkeypatch.setattr("bot.cli.cli", refused)
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.splitlines()[:2] == [
        "pullwright: a.yml is not valid:",
        "a.yml:1:1: unknown key `\\x9b2J\\u202eok`",
    ]
