"""A workflow as a graph, as a picture, and the language as a JSON Schema."""

import re
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml

from core.documents import load
from core.errors import DocumentInvalid
from core.workflow import parse
from core.workflow.drawing import svg
from core.workflow.graph import mermaid
from core.workflow.schema import schema
from core.workflow.steps import KINDS, MODELS
from jobs.workflows import built_in

EVERYTHING = """
name: everything
description: One step of each kind.
on: {command: everything, label: "pullwright:everything"}
inputs: {place: {type: string, default: here}, sure: {type: boolean, default: true}}
steps:
  - {id: triage, uses: triage}
  - {id: baseline, check: {uses: tests}, expect: any, timeout: 10m}
  - {id: plan, agent: {role: architect, prompt: plan, output: Plan, writes: false}}
  - {id: plan-approved, gate: {binds: plan}}
  - id: format
    name: Format all of it
    run: {script: "make format\\nmake lint", writes: true}
    env: {PLACE: "${{ inputs.place }}"}
    capture: {format: json, from: output, default: {}}
    retry: {attempts: 3, delay: 5s, on: [command-failed]}
    on_failure:
      - {id: mend, agent: {role: implementer, task: "Mend it."}, with: {why: "${{ error.why }}"}}
      - {id: tell, github: {comment: "It failed.", label: [broken]}}
  - {id: look, run: ls, continue_on_error: true}
  - id: better
    agent: {role: implementer, task: Go on., output: {points: number}}
    goal: {run: ./score, threshold: 90}
  - {id: which, ask: {question: "Which one?"}, when: "${{ inputs.sure and 1 < 2 }}"}
  - {id: rest, wait: 2h}
  - {id: note, write: {path: NOTES.md, content: "${{ steps.which.text }}"}}
  - id: each
    foreach:
      in: [1, 2]
      where: "${{ item > 0 }}"
      sort: "${{ item }}"
      descending: true
      limit: 5
      max_parallel: 2
      max_failures: 1
      collect: "${{ steps.inner.output }}"
      steps:
        - {id: inner, run: "echo $N", env: {N: "${{ item + index }}"}}
        - {id: second, run: "true", when: "${{ steps.inner.exit_code == 0 }}"}
  - {id: change, agent: {role: implementer, prompt: implement}}
  - {id: tests, check: {uses: tests}, repair: {role: implementer, attempts: 2}}
  - {id: ship, ship: {draft: true}}
  - {id: ready, ready: {}}
  - {id: change-approved, gate: {binds: change}}
  - {id: merge, merge: {method: squash}}
"""
SVG = "{http://www.w3.org/2000/svg}"


def refused(text: str) -> list[str]:
    """What the schema finds wrong, by where it stands."""
    value = load(text, "x.yml").value
    found = jsonschema.Draft7Validator(schema()).iter_errors(value)
    return sorted("/".join(map(str, error.absolute_path)) for error in found)


# Graphs ---------------------------------------------------------------------------------------------------------


def test_a_graph_shows_what_starts_a_workflow_its_steps_and_what_mends_them() -> None:
    text = """
name: fix
on: {command: fix}
steps:
  - {id: format, run: make format, retry: {attempts: 2}, on_failure: [{id: mend, run: make clean}]}
  - {id: sure, ask: {question: "Sure?"}, when: "${{ steps.format.exit_code == 0 }}"}
"""
    assert mermaid(parse(text, "fix.yml")) == (
        "flowchart TD\n"
        '  start(["/fix"])\n'
        '  s1["format<br/>runs make format"]\n'
        "  start --> s1\n"
        '  s1 -->|"tried 2×"| s1\n'
        '  s1f1["mend<br/>runs make clean"]\n'
        '  s1 -.->|"failed"| s1f1\n'
        '  s1f1 -.->|"once more"| s1\n'
        '  s2{{"sure<br/>asks the requester: Sure?<br/>when steps.format.exit_code == 0"}}\n'
        "  s1 --> s2\n"
        "  finish([done])\n"
        "  s2 --> finish\n"
    )


def test_every_step_is_in_both_pictures() -> None:
    workflow = parse(EVERYTHING, "everything.yml")
    titles = {step.name or step.id for step in workflow.every_step}
    drawn = ElementTree.fromstring(svg(workflow))
    assert titles <= {text.text for text in drawn.iter(f"{SVG}text")}
    assert all(f'"{title}<br/>' in mermaid(workflow) for title in titles)


def test_nothing_that_a_file_says_becomes_part_of_a_pictures_language() -> None:
    sly = 'a"] --> b; </text><script>alert(1)</script> #quot; `x` & \x07\u202e'
    steps = [{"id": "a", "name": sly, "run": f"echo {sly}"}]
    workflow = parse(yaml.safe_dump({"name": "sly", "steps": steps}), "sly.yml")
    line = next(line for line in mermaid(workflow).splitlines() if "s1[" in line)
    assert line.isprintable()
    assert re.fullmatch(r'  s1\["[^"`<>&]*<br/>[^"`<>&]*"\]', line), line
    drawn = ElementTree.fromstring(svg(workflow))
    assert [node.tag for node in drawn.iter() if "script" in node.tag] == []


def test_a_picture_loads_nothing_from_elsewhere() -> None:
    drawn = svg(parse(EVERYTHING, "everything.yml"))
    assert not re.search(r"href|url\((?!#)|@import|<script|<foreignObject", drawn)
    assert re.findall(r"https?://\S+?(?=\")", drawn) == ["http://www.w3.org/2000/svg"]


MENDED_TWICE = """
name: mended
steps:
  - id: one
    run: x
    on_failure: [{id: a, run: x}, {id: b, run: x, on_failure: [{id: c, run: x}, {id: d, run: x}]}, {id: e, run: x}]
  - {id: two, run: x, on_failure: [{id: f, run: x}, {id: g, run: x}]}
  - {id: three, run: x}
"""


@pytest.mark.parametrize(("text", "count"), [(EVERYTHING, 23), (MENDED_TWICE, 12)], ids=["everything", "mended"])
def test_no_box_of_a_picture_lies_over_another(text: str, count: int) -> None:
    drawn = ElementTree.fromstring(svg(parse(text, "drawn.yml")))
    boxes = [tuple(float(box.attrib[key]) for key in ("x", "y", "width", "height")) for box in drawn.iter(f"{SVG}rect")]
    width, height = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    assert len(boxes) == count
    for number, (x, y, wide, high) in enumerate(boxes):
        assert x + wide <= width
        assert y + high <= height
        for left, top, across, down in boxes[number + 1 :]:
            assert x + wide <= left or left + across <= x or y + high <= top or top + down <= y


# The schema -----------------------------------------------------------------------------------------------------


def test_the_schema_takes_what_the_language_takes() -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    assert parse(EVERYTHING, "everything.yml")
    for text in (EVERYTHING, *built_in().values()):
        assert refused(text) == []


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("{id: a, run: x, uses: triage}", "steps/0"),
        ("{id: a}", "steps/0"),
        ("{id: a, rum: x}", "steps/0"),
        ("{id: A, run: x}", "steps/0/id"),
        ("{id: a, run: x, repair: {role: b}}", "steps/0"),
        ("{id: a, wait: 1m, with: {b: c}}", "steps/0"),
        ("{id: a, wait: soon}", "steps/0/wait"),
        ("{id: a, run: {writes: true}}", "steps/0/run"),
        ("{id: a, github: {}}", "steps/0/github"),
        ("{id: a, agent: {role: b}}", "steps/0/agent"),
        ("{id: a, run: x, env: {1A: b}}", "steps/0/env"),
        ("{id: a, run: x, on_failure: [{id: b}]}", "steps/0/on_failure/0"),
        ("{id: a, gate: {binds: plans}}", "steps/0/gate/binds"),
    ],
)
def test_the_schema_refuses_what_the_language_refuses(row: str, place: str) -> None:
    text = f"name: x\nsteps:\n  - {row}\n"
    with pytest.raises(DocumentInvalid):
        parse(text, "x.yml")
    assert place in refused(text)


def test_every_model_and_every_key_of_a_step_is_explained() -> None:
    made = schema()
    assert all(one["description"] for one in (made, *made["definitions"].values()))
    assert not any("frozen value" in one["description"] for one in (made, *made["definitions"].values()))
    assert {model.__name__ for model in MODELS} <= set(made["definitions"])
    step = made["definitions"]["Step"]["properties"]
    assert {"id", "with", *KINDS} <= set(step)
    unexplained = {key for key, said in step.items() if "description" not in said and "$ref" not in said}
    assert unexplained == set()


def test_the_schema_names_itself_and_a_dialect_that_editors_know() -> None:
    made = schema()
    assert (made["$id"], made["$schema"]) == ("urn:pullwright:workflow", "http://json-schema.org/draft-07/schema#")
