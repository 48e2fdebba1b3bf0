"""The page about workflows teaches what the language has, with files that can be used as they stand."""

import re

from docs_pages import DOCS, blocks, rows

from core.workflow import Foreach, Listen, parse
from core.workflow.catalogue import FOLDER, STEPS, File
from core.workflow.steps import BELONGS, KINDS, SPELLED
from core.workflow.triggers import Checks, Dispatch, Issues, PullRequests, Push, Time
from jobs.sources import MOST_BYTES, MOST_FILES, of_files

PAGE = DOCS / "workflows.md"
PLACE = f"# {FOLDER}/"
EXAMPLES = {
    block.text.partition("\n")[0].removeprefix("# "): block.text
    for block in blocks(PAGE, "yaml")
    if block.text.startswith(PLACE)
}


PIECES = {
    block.text.partition("\n")[0].removeprefix("# "): block.text
    for block in blocks(PAGE, "yaml")
    if block.text.startswith(f"# {STEPS}/")
}


def test_every_example_stands_under_a_numbered_heading_of_its_own_and_there_are_ten_at_least():
    numbers = [int(found) for found in re.findall(r"^### (\d+)\. ", PAGE.read_text(), re.MULTILINE)]
    assert numbers == list(range(1, len(EXAMPLES) + 1))
    assert len(EXAMPLES) >= 10


def test_the_examples_can_lie_in_one_repository_as_they_stand():
    known = of_files([File(path, text) for path, text in {**EXAMPLES, **PIECES}.items()])
    assert [line for one in (*known.broken, *known.pieces) for line in one.mistakes] == []
    assert {entry.path for entry in known.entries if entry.own} == set(EXAMPLES)


def test_the_examples_show_every_kind_of_step_and_every_key_beside_it():
    text = "\n".join(EXAMPLES.values())
    shown = {key for key in (*KINDS, *(SPELLED.get(key, key) for key in BELONGS)) if re.search(rf"\b{key}:", text)}
    assert {*KINDS, *(SPELLED.get(key, key) for key in BELONGS)} - shown == set()


def test_every_kind_of_step_stands_in_the_table():
    assert [row[0].strip("`") for row in rows(PAGE, "key", "does", "hands over")] == list(KINDS)


def test_every_key_of_a_foreach_stands_in_its_table():
    keys = [field.alias or name for name, field in Foreach.model_fields.items()]
    assert [row[0].strip("`") for row in rows(PAGE, "key of `foreach`", "means")] == keys


def test_every_key_beside_a_step_stands_in_the_table_with_the_kinds_it_is_for():
    table = {row[0].strip("`"): row[1] for row in rows(PAGE, "key beside it", "for", "says")}
    kinds = {SPELLED.get(key, key): ", ".join(f"`{kind}`" for kind in kinds) for key, kinds in BELONGS.items()}
    assert table == {"name": "every step", "when": "every step", **kinds}


def test_the_bounds_on_the_page_are_those_of_the_code():
    assert f"At most {MOST_FILES} files of 256 KiB are read, and {MOST_BYTES // 1024**2} MiB of them together." in (
        PAGE.read_text()
    )


def test_everything_that_starts_a_workflow_stands_in_the_table_with_what_it_may_say():
    table = rows(PAGE, "key of `on`", "starts it when", "may say", "inputs by name", "in whose name")
    keys = [row[0].strip("`") for row in table]
    assert sorted(keys) == sorted(set(Listen.model_fields) - {"subject", "closed"})
    says = {"issues": Issues, "checks": Checks, "push": Push, "repository_dispatch": Dispatch, "schedule": Time}
    says["pull_request"] = PullRequests
    for row in table:
        fields = set(says[row[0].strip("`")].model_fields) if row[0].strip("`") in says else set()
        assert fields <= set(re.findall(r"`([a-z_]+)`", row[2])), row[0]


def test_the_workflow_that_starts_by_itself_can_be_read():
    (text,) = [block.text for block in blocks(PAGE, "yaml") if block.text.startswith("# nightly.yml")]
    assert parse(text, "nightly.yml").on.by_itself == ("checks", "0 3 * * 1-5 Europe/Berlin", "hook nightly")
