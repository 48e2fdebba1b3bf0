"""The tables of the documentation say what the code says."""

import re

import docs_tables
import yaml
from docs_pages import DOCS, ROOT, rows

from core.errors import ConfigurationError
from core.outputs import Verdict
from core.workflow import parse
from jobs.workflows import built_in
from policies.schema import BuiltIn
from policies.tightening import ADDING, NARROWING, STRICTNESS

GETTING_STARTED, COMMANDS, POLICY = DOCS / "getting-started.md", DOCS / "commands.md", DOCS / "policy.md"
WORKFLOWS, OPERATIONS = DOCS / "workflows.md", DOCS / "operations.md"


def test_every_setting_stands_there_with_its_default():
    assert [row[:2] for row in rows(GETTING_STARTED, "setting", "default", "means")] == docs_tables.settings()


def test_the_permissions_and_events_are_those_of_the_manifest():
    manifest = yaml.safe_load((ROOT / "app.yml").read_text())
    asked = rows(GETTING_STARTED, "permission", "access")
    assert {name.strip("`"): access for name, access in asked} == manifest["default_permissions"]
    sentence = re.search(r"^Events to subscribe to: (.*?)\.", GETTING_STARTED.read_text(), re.MULTILINE | re.DOTALL)
    assert sentence is not None
    assert re.findall(r"`(\w+)`", sentence[1]) == manifest["default_events"]


def test_the_commands_are_the_rows_of_help():
    table = rows(COMMANDS, "command", "what it does", "who may")
    assert [f"| {' | '.join(row)} |" for row in table] == docs_tables.verbs()


def test_the_commands_of_the_built_in_workflows_stand_there():
    assert rows(COMMANDS, "workflow's command", "what it does") == docs_tables.workflow_verbs()


def test_the_built_in_policies_differ_where_the_table_says_so():
    table = rows(POLICY, "key", *(f"`{name}`" for name in BuiltIn))
    assert table == docs_tables.built_ins()


def test_every_policy_key_stands_there_with_its_default():
    table = rows(POLICY, "key", "default", "means", "a repository may")
    assert [row[:2] for row in table] == docs_tables.keys()


def test_the_keys_that_may_only_be_tightened_are_those_of_the_rules():
    table = rows(POLICY, "key", "default", "means", "a repository may")
    bound = {row[0].strip("`") for row in table if row[3] != "set"}
    assert bound == {".".join(key) for key in (*STRICTNESS, *ADDING, *NARROWING)}
    assert {row[0].strip("`") for row in table if row[3] == "add"} == {".".join(key) for key in ADDING}


def test_the_steps_of_implement_stand_there_in_order():
    workflow = parse(built_in()["implement"], "implement.yml")
    table = rows(WORKFLOWS, "step", "kind", "what it does", "what it leaves behind", "may end the run with")
    assert [row[0] for row in table] == [f"`{step.id}`" for step in workflow.steps]
    for row, step in zip(table, workflow.steps, strict=True):
        assert getattr(step, row[1]) is not None
    assert all(f"`{verdict}`" in table[0][3] for verdict in Verdict)
    named = {code for row in table for code in re.findall(r"`([a-z-]+)`", row[4])}
    assert named <= docs_tables.failures()


def test_every_code_that_ends_a_run_stands_there():
    told = {row[0].strip("`") for row in rows(OPERATIONS, "code", "means")}
    assert told == docs_tables.failures()
    assert ConfigurationError.code not in told


def test_every_metric_stands_there_with_its_meaning():
    assert rows(OPERATIONS, "metric", "is") == docs_tables.metrics()


def test_the_processes_are_those_of_the_procfile():
    assert (ROOT / "Procfile").read_text() in OPERATIONS.read_text()
