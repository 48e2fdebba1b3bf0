"""What in a change a person must see: the table of findings, and what follows from each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digests import ChangedPath
from policies.content import looked_at
from policies.drift import FINDINGS, Follows, Seen, hidden_lines
from policies.evaluate import change_allowed, may_merge
from policies.result import Place, Result, Status
from policies.schema import BuiltIn, built_in, load

TEAM = built_in(BuiltIn.team)
YES = Result("change", Status.approved, "Approved by @ada.")
RLO, TAG_A = "\u202e", "\U000e0061"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


def changed(name: str, mode: str = "100644", base: str | None = "a" * 40) -> ChangedPath:
    return ChangedPath(path=name, mode=mode, base_blob=base, head_blob="b" * 40)


def judged(*paths: str | ChangedPath, seen: Seen = Seen(), **more) -> Result:  # noqa: B008  # frozen
    whole = [changed(path) if isinstance(path, str) else path for path in paths]
    sizes = {"additions": 1, "deletions": 1, "bytes_": 10} | more
    return change_allowed(TEAM, paths=whole, seen=seen, **sizes)


def found(result: Result, name: str) -> Result:
    (child,) = (each for each in result.children if each.name == name)
    return child


# What follows -------------------------------------------------------------------------------------------------

EXAMPLES = {
    "protected paths": judged(".github/workflows/ci.yml"),
    "kinds of files": judged(changed("lib", "160000")),
    "secrets": judged("a.py", secrets={"a.py": ("a private key",)}),
    "files": judged(*(f"{n}.py" for n in range(41))),
    "lines": judged("a.py", additions=1501),
    "bytes": judged("a.py", bytes_=1_000_001),
    "hidden names": judged(f"a{RLO}b.py"),
    "hidden text": judged("a.py", seen=Seen(hidden_lines={"a.py": (3, 9)})),
    "plan": judged("a.py", "b.py", seen=Seen(planned=("a.py",))),
    "hidden effects": judged("AGENTS.md"),
    "links": judged(changed("docs", "120000", None)),
    "executable": judged("run.sh", seen=Seen(executable=("run.sh",))),
    "binary files": judged("logo.png", binary_paths=("logo.png",)),
    "evidence": judged("t.py", seen=Seen(tests=("t.py",))),
}


def test_every_finding_of_the_table_is_looked_for_in_every_change_and_nothing_else_is():
    looked_for = {child.name for child in judged("a.py").children}
    assert looked_for == set(FINDINGS) == set(EXAMPLES)


@pytest.mark.parametrize("name", FINDINGS)
def test_what_follows_from_a_finding_is_what_the_table_says(name):
    expected = {Follows.refused: Status.denied, Follows.waits: Status.pending, Follows.shown: Status.approved}
    result = EXAMPLES[name]
    assert found(result, name).status is expected[FINDINGS[name].follows]
    assert result.status is expected[FINDINGS[name].follows]


@pytest.mark.parametrize("name", sorted(set(FINDINGS) - {"files", "lines", "bytes"}))
def test_what_is_about_a_file_is_shown_at_that_file(name):
    child = found(EXAMPLES[name], name)
    assert child.places
    assert all(place.why for place in child.places)
    assert child.facts[0].values == tuple(dict.fromkeys(place.path for place in child.places))


def test_each_hidden_line_has_a_place_of_its_own():
    assert [(place.path, place.line) for place in EXAMPLES["hidden text"].every_place] == [("a.py", 3), ("a.py", 9)]


def test_what_refuses_is_said_before_what_waits():
    result = judged("CODEOWNERS", "AGENTS.md")
    assert result.status is Status.denied
    assert result.why == "The change touches protected paths: `CODEOWNERS`."


# The plan -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("planned", "outside"),
    [
        (("a.py", "tests/"), []),
        (("./a.py", "tests"), []),
        (("a.py",), ["tests/test_a.py"]),
        (("A.py", "test"), ["a.py", "tests/test_a.py"]),
        ((".", "/", "*", "", "**"), ["a.py", "tests/test_a.py"]),
        ((), ["a.py", "tests/test_a.py"]),
    ],
)
def test_what_the_plan_does_not_name_is_drift_and_a_plan_that_names_everything_names_nothing(planned, outside):
    child = found(judged("a.py", "tests/test_a.py", seen=Seen(planned=planned)), "plan")
    assert [place.path for place in child.places] == outside
    assert child.status is (Status.pending if outside else Status.approved)


def test_the_sentence_names_the_paths_and_what_to_do():
    child = found(EXAMPLES["plan"], "plan")
    assert child.why == "The plan does not name `b.py`."
    assert child.remedy == "Read what was done there, then approve the change, or reject it with a reason."


def test_a_workflow_without_a_plan_drifts_from_none():
    assert found(judged("a.py"), "plan").status is Status.skipped


# Hidden effects -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "AGENTS.md",
        "deep/down/CLAUDE.md",
        "claude.MD",
        ".mcp.json",
        ".npmrc",
        "web/.npmrc",
        ".gitattributes",
        "poetry.lock",
        "web/package-lock.json",
        "go.sum",
        "pip.conf",
        ".pre-commit-config.yaml",
        ".github/dependabot.yml",
        ".github/CODEOWNERS",
        ".vscode/tasks.json",
        ".husky/pre-commit",
        ".devcontainer/devcontainer.json",
        "tests/conftest.py",
        "requirements-dev.txt",
        "src/evil.pth",
        ".envrc",
    ],
)
def test_files_that_act_without_being_called_wait_for_a_person(path):
    child = found(judged("a.py", path), "hidden effects")
    assert (child.status, child.facts[0].values) == (Status.pending, (path,))


@pytest.mark.parametrize("path", ["src/agents.py", "docs/npmrc.md", "locks.py", "github/x.yml", "docs/requirements.md"])
def test_paths_that_only_look_alike_do_not_wait(path):
    assert judged(path).approved


# Hidden text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "base", "lines"),
    [
        ("a\nb\n", "", ()),
        (f"a\nif x{RLO}:\n", "", (2,)),
        (f"a{TAG_A}\nb\nc\u2066\n", "", (1, 3)),
        (f"a{RLO}\nb\n", f"a{RLO}\n", ()),
        (f"a{RLO} changed\n", f"a{RLO}\n", (1,)),
        (f"flag = '{SCOTLAND}'\n", "", ()),
        (f"flag = '{SCOTLAND}{TAG_A}'\n", "", (1,)),
        ("שלום עולם\u200f and 👩\u200d🚀\n", "", ()),
    ],
    ids=["plain", "bidi", "tags", "already there", "changed line", "a flag", "behind a flag", "other scripts"],
)
def test_new_lines_that_hide_characters_are_found_with_their_numbers(head, base, lines):
    assert hidden_lines(head, base) == lines


@given(st.text(), st.text())
def test_looking_for_hidden_text_is_total_and_finds_nothing_in_what_was_there(head, base):
    for number in hidden_lines(head, base):
        assert head.split("\n")[number - 1] not in base.split("\n")
    assert hidden_lines(head, head) == ()


# Evidence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "status", "why"),
    [
        (Seen(), Status.skipped, "No test was looked for."),
        (Seen(tests=()), Status.skipped, "The change touches no test, so none shows that it works."),
        (Seen(tests=("t.py",), red_without=True), Status.approved, "The tests of the change fail without it."),
        (
            Seen(tests=("t.py",)),
            Status.approved,
            "`t.py` does not fail without the change: it does not show by itself that the change is needed.",
        ),
    ],
)
def test_what_the_tests_show(seen, status, why):
    child = found(judged("a.py", seen=seen), "evidence")
    assert (child.status, child.why) == (status, why)
    assert bool(child.places) == (child.why.startswith("`t.py`"))


# What a person settles ----------------------------------------------------------------------------------------


def test_what_waits_is_settled_by_an_approval_of_exactly_this_change_and_by_nothing_else():
    waits = EXAMPLES["hidden effects"]
    assert looked_at(waits, YES).approved
    assert looked_at(waits, Result("change", Status.pending, "0 of 1.")).status is Status.pending
    refused = EXAMPLES["secrets"]
    assert looked_at(refused, YES) is refused


@pytest.mark.parametrize(("name", "merges"), [("plan", True), ("evidence", True), ("hidden text", False)])
def test_the_bot_merges_what_was_looked_at_and_never_what_is_refused(name, merges):
    bot = load("merge: bot\n", "x")
    verdict = may_merge(bot, change=YES, content=EXAMPLES[name], tests_green=True, head_is_approved=True)
    assert verdict.approved is merges


def test_more_findings_never_allow_more():
    order = list(Status)
    calm = judged("a.py", seen=Seen(planned=("a.py",)))
    for worse in (Seen(planned=()), Seen(planned=("a.py",), hidden_lines={"a.py": (1,)})):
        assert order.index(judged("a.py", seen=worse).status) <= order.index(calm.status)


def test_a_place_says_the_same_as_the_finding():
    child = found(judged("AGENTS.md"), "hidden effects")
    assert child.places == (Place("AGENTS.md", 1, child.why),)
