"""Workflows made of others: `extends`, composite steps and sub-workflows, put together before anything runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import load
from core.workflow import parse
from core.workflow.catalogue import Catalogue, Entry, File, Layer, catalogue
from core.workflow.pinned import pinned

PLACE, PIECES = ".github/pullwright/workflows", ".github/pullwright/steps"
OWNERS = "acme/.github/pullwright"
BUILT_IN = """
name: implement
description: Do it.
on: {command: implement, label: "pullwright:implement"}
inputs: {task: {type: string, default: ""}}
steps:
  - {id: change, agent: {role: implementer, prompt: implement}}
  - {id: tests, check: {uses: tests}}
  - {id: ship, ship: {draft: true}}
"""
SHOUT = """
name: shout
description: Say it louder.
inputs: {words: {type: string}, times: {type: number, default: 2}}
steps:
  - {id: loud, run: ./shout, env: {WORDS: "${{ inputs.words }}", TIMES: "${{ inputs.times }}"}}
outputs: {said: "${{ steps.loud.output }}"}
"""


def found(*files: File, built_in: str = BUILT_IN, **texts: str) -> Catalogue:
    """With these workflows; a name that begins with `step_` is that of a composite step."""
    own = [
        File(f"{PIECES}/{name.removeprefix('step_')}.yml" if name.startswith("step_") else f"{PLACE}/{name}.yml", text)
        for name, text in texts.items()
    ]
    return catalogue({"implement": built_in}, [*files, *own], reserved=("implement", "approve"))


def entry(name: str, *files: File, **texts: str) -> Entry:
    known = found(*files, **texts).get(name)
    assert known is not None
    return known


def whole(name: str, *files: File, **texts: str) -> Entry:
    """The workflow, which has no mistake and refers to nothing outside its text."""
    known = entry(name, *files, **texts)
    assert known.mistakes == ()
    assert known.workflow == parse(known.text, "alone.yml")
    return known


def mistakes(name: str, *files: File, **texts: str) -> list[str]:
    """Each without the place of its file."""
    known = entry(name, *files, **texts)
    assert known.workflow is None
    return [line.removeprefix(f"{PLACE}/") for line in known.mistakes]


def ids(known: Entry) -> list[str]:
    assert known.workflow is not None
    return [step.id for step in known.workflow.steps]


def using(row: str, name: str = "mine") -> str:
    return f"name: {name}\nsteps:\n  - {row}\n"


# The text that a run pins -----------------------------------------------------------------------------------------


def test_a_file_that_names_no_other_is_pinned_as_it_stands() -> None:
    text = "# by hand\nname: mine\nsteps: [{id: a, run: make}]\n"
    assert entry("mine", mine=text).text == text


_NUMBERS = st.integers(-(10**28), 10**28) | st.floats(allow_nan=False, allow_infinity=False)
"""Those that a file may hold."""
_PLAIN = st.none() | st.booleans() | _NUMBERS | st.text(st.characters(codec="utf-8"))
_VALUES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcon"), inner, max_size=4)
)


@given(st.dictionaries(st.sampled_from(["on", "name", "steps", "yes"]), _VALUES, min_size=1))
def test_what_is_pinned_reads_as_the_same_values_and_is_written_the_same_again(value: dict[str, object]) -> None:
    text = pinned(value)
    assert load(text, "x.yml").value == value
    assert pinned(load(text, "x.yml").value) == text


def test_two_uses_of_one_step_are_written_out_twice() -> None:
    text = using("{id: a, uses: shout, with: {words: x}}") + "  - {id: b, uses: shout, with: {words: y}}\n"
    known = whole("mine", mine=text, step_shout=SHOUT)
    assert known.text.count("./shout") == 2
    assert "&id" not in known.text


# Extends ----------------------------------------------------------------------------------------------------------


def test_a_file_extends_the_built_in_that_it_replaces_and_is_started_by_the_same() -> None:
    known = whole("implement", implement="name: implement\nextends: implement\nremove: [ship]\n")
    assert (ids(known), known.command, known.label) == (["change", "tests"], "implement", "pullwright:implement")


def test_a_file_beside_the_one_that_it_extends_is_started_by_what_it_says_itself() -> None:
    known = whole("quick", quick="name: quick\nextends: implement\non: {command: quick}\nremove: [tests]\n")
    assert (ids(known), known.command, known.label) == (["change", "ship"], "quick", None)


def test_a_step_takes_the_place_of_the_one_with_its_id_and_a_new_one_says_where_it_belongs() -> None:
    text = """
name: implement
extends: implement
description: Ours.
inputs: {sure: {type: boolean, default: true}}
steps:
  - {id: lint, run: make lint, after: tests}
  - {id: tests, check: {uses: unit}, when: "${{ inputs.sure }}"}
  - {id: format, run: make format, before: lint}
"""
    known = whole("implement", implement=text)
    assert ids(known) == ["change", "tests", "format", "lint", "ship"]
    workflow = known.workflow
    assert workflow is not None
    assert (workflow.description, set(workflow.inputs), workflow.steps[1].when) == (
        "Ours.",
        {"task", "sure"},
        "${{ inputs.sure }}",
    )


def test_an_extension_can_be_extended() -> None:
    base = "name: base\nextends: implement\nsteps: [{id: lint, run: make lint, after: tests}]\n"
    top = "name: top\nextends: base\nsteps: [{id: lint, run: make strict}]\nremove: [ship]\n"
    assert ids(whole("top", base=base, top=top)) == ["change", "tests", "lint"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("extends: implment\n", "2:10: there is no workflow `implment`; did you mean `implement`?"),
        ("extends: mine\n", "2:10: there is no workflow `mine`"),
        (
            "extends: implement\nremove: [test]\n",
            "3:10: there is no step `test` in what it extends; did you mean `tests`?",
        ),
        (
            "extends: implement\nsteps: [{id: testz, run: x}]\n",
            "3:9: a new step says either `before` or `after` which step it comes; did you mean `tests`?",
        ),
        (
            "extends: implement\nsteps: [{id: a, run: x, after: shp}]\n",
            "3:32: there is no step `shp` in what it extends; did you mean `ship`?",
        ),
        (
            "extends: implement\nsteps: [{id: ship, ship: {}, after: tests}]\n",
            "3:37: it takes the place of the step with its id: it stays there",
        ),
        (
            "extends: implement\nremove: [change]\n",
            "2:10: in the step `ship` of `implement`: `ship` needs a `title`, or an `agent` that changes the tree",
        ),
        (
            "extends: implement\nsteps: [{id: a, run: x, when: '${{ steps.b.output }}', after: tests}]\n",
            "3:31: there is no step `b` before this one",
        ),
        (
            "extends: implement\nremove: [change, tests, ship]\n",
            "1:1: `steps`: tuple should have at least 1 item",
        ),
        ("steps: [{id: a, run: x, before: b}]\n", "2:33: unknown key `before`"),
        ("remove: [a]\nsteps: [{id: a, run: x}]\n", "2:9: unknown key `remove`"),
        ("extends: [a]\n", "2:10: `extends`: input should be a valid string"),
    ],
)
def test_a_mistake_in_an_extension_is_told_where_it_can_be_mended(text: str, told: str) -> None:
    (line,) = mistakes("mine", mine=f"name: mine\n{text}")
    assert line.startswith(f"mine.yml:{told}")


def test_every_mistake_of_an_extension_is_told_at_once() -> None:
    text = "name: mine\nextends: implement\nremove: [nope]\nsteps: [{id: tests, rum: x}, {id: new, uses: shot}]\n"
    assert mistakes("mine", mine=text, step_shout=SHOUT) == [
        "mine.yml:3:10: there is no step `nope` in what it extends",
        "mine.yml:4:26: unknown key `rum`; did you mean `run`?",
        "mine.yml:4:30: a new step says either `before` or `after` which step it comes",
        "mine.yml:4:46: there is no step `shot` to use; did you mean `shout`?",
    ]


def test_workflows_that_extend_one_another_in_a_circle_are_refused() -> None:
    texts = {"one": "name: one\nextends: two\n", "two": "name: two\nextends: one\n"}
    assert mistakes("two", **texts) == ["two.yml:2:10: it comes back to itself: `one` → `two` → `one`"]
    assert mistakes("one", **texts) == [f"one.yml:2:10: `two` has mistakes of its own: see `{PLACE}/two.yml`"]


# Composite steps --------------------------------------------------------------------------------------------------


def test_a_composite_step_stands_in_the_place_of_its_name_with_ids_of_its_own() -> None:
    text = using("{id: hey, uses: shout, with: {words: '${{ subject.title }}'}}")
    text += "  - {id: say, github: {comment: '${{ steps.hey.said }}'}}\n"
    workflow = whole("mine", mine=text, step_shout=SHOUT).workflow
    assert workflow is not None
    assert [step.id for step in workflow.every_step] == ["hey.loud", "hey", "say"]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("subject.title", "`subject` is not known here"),
        ("policy.merge", "`policy` is not known here"),
        ("steps.before.output", "there is no step `before` before this one"),
        ("inputs.task", "there is no input `task`"),
        ("error.why", "`error` is not known here"),
    ],
)
def test_a_composite_step_sees_nothing_but_its_inputs_and_its_own_steps(expression: str, told: str) -> None:
    piece = f"name: shout\nsteps: [{{id: loud, run: x, env: {{A: '${{{{ {expression} }}}}'}}}}]\n"
    known = found(step_shout=piece, mine=using("{id: before, run: x}") + "  - {id: a, uses: shout}\n")
    assert known.pieces[0].mistakes == (f"{PIECES}/shout.yml:2:37: {told}",)
    assert mistakes_of(known, "mine") == (
        f"{PLACE}/mine.yml:4:19: `shout` has mistakes of its own: see `{PIECES}/shout.yml`",
    )


def mistakes_of(known: Catalogue, name: str) -> tuple[str, ...]:
    one = known.get(name)
    assert one is not None
    return one.mistakes


def test_steps_of_a_composite_step_are_not_seen_from_outside() -> None:
    text = using("{id: hey, uses: shout, with: {words: x}}") + "  - {id: say, github: {comment: '${{ steps.loud }}'}}\n"
    assert mistakes("mine", mine=text, step_shout=SHOUT) == ["mine.yml:4:33: there is no step `loud` before this one"]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("run: 'echo ${{ inputs.words }}'", "values reach a command as environment variables: put this under `env`"),
        ("write: {path: '${{ inputs.words }}', content: x}", "no value chooses a path: write it out"),
        ("github: {label: ['${{ inputs.words }}']}", "no value chooses a label or a person: write it out"),
        (
            "foreach: {in: [1], steps: [{id: b, run: x}]}",
            "a `foreach` stands in a workflow itself",
        ),
    ],
)
def test_no_input_of_a_composite_step_becomes_part_of_what_is_run_or_aimed_at(step: str, told: str) -> None:
    piece = f"name: shout\ninputs: {{words: {{}}}}\nsteps:\n  - id: loud\n    {step}\n"
    (line,) = found(step_shout=piece).pieces[0].mistakes
    assert told in line


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{id: a, uses: shot}", "3:19: there is no step `shot` to use; did you mean `shout`?"),
        ("{id: a, uses: shout}", "3:5: `shout` must be given `words`: put it under `with`"),
        ("{id: a, uses: shout, with: {words: x, tims: 1}}", "3:49: `shout` has no input `tims`; did you mean `times`?"),
        ("{id: a, uses: shout, with: {words: 7}}", "3:40: `shout` takes a string as `words`"),
        ("{id: a, uses: triage, with: {words: x}}", "3:5: `steps.0`: the built-in `triage` is given nothing by `with`"),
        (
            "{id: a, uses: {name: b, steps: [{id: c, run: x}]}}",
            "3:19: a composite step is a file: give its name",
        ),
    ],
)
def test_what_a_composite_step_is_given_is_checked(row: str, told: str) -> None:
    assert mistakes("mine", mine=using(row), step_shout=SHOUT) == [f"mine.yml:{told}"]


def test_what_a_composite_step_takes_from_the_steps_before_it_is_told_where_it_is_used() -> None:
    piece = "name: send\nsteps: [{id: out, ship: {}}]\n"
    assert found(step_send=piece).pieces[0].mistakes == ()
    why = "in `send`: `ship` needs a `title`, or an `agent` that changes the tree before it"
    assert mistakes("mine", mine=using("{id: a, uses: send}"), step_send=piece) == [f"mine.yml:3:19: {why}"]


def test_composite_steps_may_use_one_another_but_not_in_a_circle() -> None:
    outer = "name: outer\nsteps: [{id: in, uses: shout, with: {words: x}}]\noutputs: {a: '${{ steps.in.said }}'}\n"
    workflow = whole("mine", mine=using("{id: a, uses: outer}"), step_outer=outer, step_shout=SHOUT).workflow
    assert workflow is not None
    assert [step.id for step in workflow.every_step] == ["a.in.loud", "a.in", "a"]
    round_ = {name: f"name: {name}\nsteps: [{{id: a, uses: {other}}}]\n" for name, other in (("x", "y"), ("y", "x"))}
    known = found(step_x=round_["x"], step_y=round_["y"])
    assert sorted(line for piece in known.pieces for line in piece.mistakes) == [
        f"{PIECES}/x.yml:2:23: `y` has mistakes of its own: see `{PIECES}/y.yml`",
        f"{PIECES}/y.yml:2:23: it comes back to itself: `x` → `y` → `x`",
    ]


def test_a_few_small_files_that_use_one_another_many_times_are_refused_at_once() -> None:
    pieces = {"step_a0": "name: a0\nsteps: [{id: a, run: x}]\n"}
    for level in range(1, 9):
        rows = "".join(f"  - {{id: s{number}, uses: a{level - 1}}}\n" for number in range(20))
        pieces[f"step_a{level}"] = f"name: a{level}\nsteps:\n{rows}"
    known = found(**pieces)
    assert [piece.name for piece in known.pieces if piece.mistakes] == [f"a{level}" for level in range(2, 9)]
    assert "with those that they use there are more than 200 steps" in known.pieces[2].mistakes[0]


# Whose file counts ------------------------------------------------------------------------------------------------


def owners(name: str, text: str, folder: str = "workflows") -> File:
    return File(f"{OWNERS}/{folder}/{name}.yml", text, layer=Layer.owner)


def test_the_repositorys_file_counts_before_the_owners_and_that_before_the_built_in_one() -> None:
    own = "name: implement\nsteps: [{id: own, run: x}]\n"
    theirs = owners("implement", "name: implement\nsteps: [{id: theirs, run: x}]\n")
    assert ids(whole("implement")) == ["change", "tests", "ship"]
    assert ids(whole("implement", theirs)) == ["theirs"]
    assert ids(whole("implement", theirs, implement=own)) == ["own"]


def test_a_repository_extends_the_owners_file_that_extends_the_built_in_one() -> None:
    theirs = owners("implement", "name: implement\nextends: implement\nremove: [tests]\n")
    own = "name: implement\nextends: implement\nsteps: [{id: lint, run: x, after: change}]\n"
    known = whole("implement", theirs, implement=own)
    assert (ids(known), known.command) == (["change", "lint", "ship"], "implement")


def test_an_owners_file_means_the_same_whatever_a_repository_has() -> None:
    theirs = [
        owners("loud", using("{id: a, uses: shout, with: {words: x}}", "loud")),
        owners("shout", SHOUT, folder="steps"),
    ]
    known = whole("loud", *theirs, step_shout="name: shout\nsteps: [{id: evil, run: ./evil}]\n")
    assert "./shout" in known.text
    assert "./evil" not in known.text


def test_a_command_that_a_repository_takes_from_its_owner_is_the_repositorys_mistake() -> None:
    theirs = owners("deploy", "name: deploy\non: {command: go}\nsteps: [{id: a, run: x}]\n")
    own = "name: release\non: {command: go}\nsteps: [{id: a, run: x}]\n"
    known = found(theirs, release=own)
    assert mistakes_of(known, "deploy") == ()
    assert mistakes_of(known, "release") == (
        f"{PLACE}/release.yml:2:15: `/go` is taken: `{OWNERS}/workflows/deploy.yml` listens to it",
    )


# Sub-workflows ----------------------------------------------------------------------------------------------------

COUNT = """
name: count
inputs: {word: {type: string}, most: {type: number, default: 3}}
steps: [{id: find, run: ./count, env: {WORD: "${{ inputs.word }}"}, capture: {format: number}}]
outputs: {places: "${{ steps.find.output }}"}
"""


PLANNED = "agent: {role: a, prompt: plan, output: Plan, writes: false}}, {id: g, gate: {binds: plan}"


def calling(given: str = "{word: x}", name: str = "mine", sub: str = "count") -> str:
    return f"name: {name}\nsteps:\n  - {{id: sub, workflow: {{name: {sub}, with: {given}}}}}\n"


def test_a_sub_workflow_is_pinned_with_the_workflow_that_it_is_a_part_of() -> None:
    known = whole("mine", mine=calling(), count=COUNT)
    assert known.workflow is not None
    sub = known.workflow.steps[0].workflow
    assert sub is not None
    assert sub.text == COUNT
    assert parse(sub.text, "count.yml").outputs == {"places": "${{ steps.find.output }}"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{}", "3:25: `count` must be given `word`: put it under `with`"),
        ("{word: 1}", "3:52: `count` takes a string as `word`"),
        ("{word: x, mst: 1}", "3:60: `count` has no input `mst`; did you mean `most`?"),
        ("{word: x, most: '${{ inputs.a }}'}", "3:61: there is no input `a`"),
    ],
)
def test_what_a_sub_workflow_is_given_is_checked(given: str, told: str) -> None:
    assert mistakes("mine", mine=calling(given), count=COUNT) == [f"mine.yml:{told}"]


def test_a_workflow_cannot_be_a_part_of_itself() -> None:
    assert mistakes("mine", mine=calling("{}", sub="mine")) == ["mine.yml:3:32: there is no workflow `mine`"]
    texts = {name: calling("{}", name, other) for name, other in (("one", "two"), ("two", "one"))}
    assert mistakes("two", **texts) == ["two.yml:3:32: it comes back to itself: `one` → `two` → `one`"]


def test_workflows_are_at_most_five_deep_within_one_another() -> None:
    texts = {"w1": using("{id: a, run: x}", "w1")}
    texts |= {f"w{level}": calling("{}", f"w{level}", f"w{level - 1}") for level in range(2, 7)}
    assert whole("w5", **texts)
    assert mistakes("w6", **texts) == ["w6.yml:3:32: more than 5 workflows are within one another"]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (
            "agent: {role: a, prompt: plan, output: Plan, writes: false}}, {id: g, gate: {binds: plan}",
            "`g` waits for people",
        ),
        ("ask: {question: Why}", "`a` asks people"),
        ("uses: triage", "`a` may end the run with an answer to people"),
        ("ship: {title: x}", "`a` opens a pull request"),
    ],
)
def test_what_speaks_to_people_is_refused_in_a_sub_workflow(step: str, why: str) -> None:
    sub = f"name: count\nsteps: [{{id: a, {step}}}]\n"
    told = f"its step {why}, and only the run that people see does that"
    assert mistakes("mine", mine=calling("{}"), count=sub) == [
        f"mine.yml:3:32: `count` cannot be part of another workflow: {told}"
    ]
