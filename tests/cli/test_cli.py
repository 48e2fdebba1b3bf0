"""Exit codes, messages and JSON of `pullwright`."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest


def test_the_version_is_told_without_importing_the_service(pullwright):
    assert pullwright("--version").stdout == f"pullwright, version {version('pullwright')}\n"
    imported = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import bot.cli"], capture_output=True, text=True, check=True
    ).stderr
    for heavy in ("aiohttp", "sqlalchemy", "pydantic", "litellm", "rich", "redis", "rq", "structlog"):
        assert f" {heavy}\n" not in imported


def test_help_lists_what_people_may_call(pullwright):
    shown = pullwright("--help").stdout
    assert "up          Start the whole service." in shown
    assert "redis " not in shown


def test_an_unknown_setting_ends_with_2_and_one_message(pullwright):
    ended = pullwright("runs", "list", DATABASE_URI="x")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == (
        "pullwright: PULLWRIGHT_DATABASE_URI: there is no such setting; did you mean PULLWRIGHT_DATABASE_URL?\n"
        "Correct the settings named above and start again; `pullwright doctor` checks them.\n"
    )


@pytest.mark.parametrize("arguments", [["nonsense"], ["worker", "--queue", "both"], ["policy", "check", "missing.yml"]])
def test_wrong_usage_ends_with_2(pullwright, arguments):
    assert pullwright(*arguments).returncode == 2


def test_the_web_process_refuses_to_start_without_a_secret(pullwright):
    ended = pullwright("web")
    assert ended.returncode == 2
    assert ended.stderr.startswith("pullwright: PULLWRIGHT_WEBHOOK_SECRET is not set:")


def test_doctor_names_every_problem_with_its_remedy_and_ends_with_1(pullwright):
    ended = pullwright("doctor", "--json", SANDBOX="none", WEBHOOK_SECRET="short")
    assert ended.returncode == 1
    report = json.loads(ended.stdout)
    checks = {check["name"]: check for check in report["checks"]}
    assert not report["ok"]
    assert checks["data folder"]["ok"]
    assert checks["redis"]["ok"]
    assert checks["database"]["why"].endswith("pullwright.db will be made at the first start")
    assert checks["webhooks"]["remedy"] == "Generate one: openssl rand -hex 32"
    assert checks["github app"]["why"] == "PULLWRIGHT_APP_ID is not set"
    assert checks["github app"]["remedy"].startswith("Set it to the App ID")
    assert checks["model"]["why"] == "PULLWRIGHT_MODEL is not set"
    assert report["settings"]["PULLWRIGHT_WEBHOOK_SECRET"] == "(set)"
    assert "short\n" not in ended.stdout


def test_doctor_says_that_a_named_redis_does_not_answer(pullwright, tmp_path):
    ended = pullwright("doctor", SANDBOX="none", REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    assert "PROBLEM  redis: does not answer\n         → Start it, or correct PULLWRIGHT_REDIS_URL." in ended.stdout


def test_a_workflow_file_is_checked_with_line_and_column(pullwright, tmp_path):
    (tmp_path / "good.yml").write_text("name: good\nsteps:\n  - {id: a, uses: triage}\n")
    (tmp_path / "bad.yml").write_text("name: bad\nsteps:\n  - {id: a, used: triage}\n")
    ended = pullwright("workflow", "validate", "good.yml", "bad.yml", "--json")
    assert ended.returncode == 1
    good, bad = json.loads(ended.stdout)
    assert good == {"file": "good.yml", "ok": True, "mistakes": []}
    assert not bad["ok"]
    assert any("3:" in line or "line 3" in line for line in bad["mistakes"])
    assert pullwright("workflow", "validate", "good.yml").returncode == 0


def test_a_list_whose_every_item_is_wrong_is_not_called_too_short(pullwright, tmp_path):
    (tmp_path / "bad.yml").write_text("name: bad\nsteps:\n  - {id: a, used: triage, uses: triage}\n")
    ended = pullwright("workflow", "validate", "bad.yml")
    assert ended.stdout == "bad.yml: 1 mistake\n  bad.yml:3:19: unknown key `used`; did you mean `uses`?\n"
    (tmp_path / "empty.yml").write_text("name: empty\nsteps: []\n")
    assert "`steps`: tuple should have at least 1 item" in pullwright("workflow", "validate", "empty.yml").stdout


def test_a_policy_file_is_checked(pullwright, tmp_path):
    (tmp_path / "good.yml").write_text("version: 1\npolicy: team\n")
    (tmp_path / "bad.yml").write_text("version: 1\npolicy: teem\n")
    good = pullwright("policy", "check", "good.yml", "--json")
    assert (good.returncode, json.loads(good.stdout)["policy"]["policy"]) == (0, "team")
    bad = pullwright("policy", "check", "bad.yml")
    assert bad.returncode == 1
    assert "bad.yml" in bad.stdout


def test_built_in_policies_are_shown(pullwright):
    assert json.loads(pullwright("policy", "show", "strict", "--json").stdout)["policy"] == "strict"


def test_a_built_in_policy_as_it_is_shown_can_be_written_to_a_file(pullwright, tmp_path):
    (tmp_path / "shown.yml").write_text(pullwright("policy", "show", "solo").stdout)
    assert pullwright("policy", "check", "shown.yml").stdout == (
        "shown.yml: ok, starting from the built-in policy `solo`\n"
    )
