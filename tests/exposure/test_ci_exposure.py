"""What follows from an exposure, and the small languages that it is read from: filters, conditions, YAML."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.exposure import OTHER_CI, Exposure, Hold, exposure, hold
from policies.exposure_conditions import Neutral, Unknown, surely_false
from policies.exposure_filters import Unclear, fits, lets_through
from policies.exposure_triggers import Offer
from policies.exposure_yaml import MOST_BYTES, Unreadable, read
from policies.result import Result, Status

OFFER = Offer("acme/slugs", "pullwright/7-fix-r1", "main")
READ_ONLY = "on: push\npermissions: {}\njobs: {t: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"
WRITES = READ_ONLY.replace("{}", "write-all")


# What follows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["denied", "error", "approved", "skipped"])
@pytest.mark.parametrize("beyond", [True, False])
def test_what_the_policy_key_means_for_each_exposure(status: str, beyond: bool) -> None:
    found = Exposure(Result("ci", Status(status), ""), beyond)
    stronger = Hold.unpushed if beyond else Hold.marker
    assert hold("run", found) is Hold.nothing
    assert hold("hold", found) is stronger
    assert hold("auto", found) is (stronger if status in {"denied", "error"} else Hold.nothing)


def test_without_ci_nothing_is_exposed_and_nothing_starts() -> None:
    found = exposure({}, OFFER)
    assert found.result.why == "The repository has no CI that is known."
    assert not found.starts
    assert hold("auto", found) is Hold.nothing


@pytest.mark.parametrize("path", OTHER_CI)
def test_another_service_is_in_doubt_and_one_that_may_not_know_the_marker_keeps_the_change_unpushed(path: str) -> None:
    found = exposure({path: ""}, OFFER)
    assert found.result.why == f"`{path}` is there, and nobody can tell what that service holds."
    assert hold("auto", found) is (Hold.unpushed if path == "Jenkinsfile" else Hold.marker)


def test_a_file_that_could_not_be_read_keeps_the_change_unpushed_since_it_may_listen_to_anything() -> None:
    found = exposure({".github/workflows/big.yml": None}, OFFER)
    assert found.result.why == "Nobody can tell what `.github/workflows/big.yml` does: the file could not be read."
    assert hold("auto", found) is Hold.unpushed


def test_as_long_as_one_file_cannot_be_read_every_chain_may_follow_it() -> None:
    chained = (
        "on: {workflow_run: {workflows: [x]}}\npermissions: write-all\n"
        "jobs: {t: {runs-on: ubuntu-latest, steps: [{uses: someone/thing@v1}]}}\n"
    )
    alone = exposure({"a.yml": chained}, OFFER)
    assert alone.result.status is Status.skipped
    beside = exposure({"a.yml": chained, "b.yml": "on: ["}, OFFER)
    assert [child.status for child in beside.result.children] == [Status.error, Status.error]
    assert beside.beyond_the_marker


def test_paths_that_nobody_knows_yet_count_as_any_path() -> None:
    docs = WRITES.replace("on: push", "on: {push: {paths: ['docs/**']}}")
    assert exposure({"a.yml": docs}, OFFER).result.status is Status.denied
    known = Offer(OFFER.repository, OFFER.branch, OFFER.base, ("src/a.py",))
    assert exposure({"a.yml": docs}, known).result.status is Status.skipped


@given(st.dictionaries(st.sampled_from(["a.yml", "b.yml", "c.yml"]), st.sampled_from([READ_ONLY, WRITES, "on: [", ""])))
def test_one_file_more_never_makes_it_safer(files: dict[str, str]) -> None:
    less = {path: text for path, text in files.items() if path != "c.yml"}
    assert exposure(files, OFFER).result.refused or not exposure(less, OFFER).result.refused


@given(st.text(max_size=200))
def test_whatever_stands_in_a_file_there_is_an_answer(text: str) -> None:
    assert exposure({"a.yml": text, "b.yml": f"on: push\njobs: {{t: {text!r}}}"}, OFFER).result.children


def test_names_from_a_file_can_end_no_code_and_mention_nobody() -> None:
    hostile = READ_ONLY.replace("{t:", '{"`@ada <!-- x\\u202e": ').replace("runs-on: ubuntu-latest", "runs-on: x")
    why = exposure({"a.yml": hostile}, OFFER).result.why
    assert "`＠ada ＜!-- x`" in why


# Filters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "named", "not_named"),
    [
        ("feature/*", ["feature/my-branch", "feature/"], ["feature/beta-a/my-branch", "feature"]),
        ("feature/**", ["feature/beta-a/my-branch", "feature/x"], ["feature"]),
        ("releases/mona-the-octocat", ["releases/mona-the-octocat"], ["releases/mona"]),
        ("*", ["main", ""], ["all/the/branches"]),
        ("**", ["all/the/branches", "x"], []),
        ("*feature", ["mona-feature", "feature", "ver-10-feature"], ["feature/x"]),
        ("v2*", ["v2", "v2.0", "v2.9"], ["v1"]),
        ("v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1..0"]),
        ("*.jsx?", ["page.js", "page.jsx"], ["src/page.js", "page.jsxx"]),
        ("**.js", ["index.js", "js/index.js", "src/js/app.js"], ["index.jsx"]),
        ("docs/**/*.md", ["docs/hello.md", "docs/a/markdown/file.md"], ["README.md", "docs.md"]),
        ("**/docs/**", ["docs/hello.md", "dir/docs/my-file.txt"], ["mydocs/x"]),
        ("**/*src/**", ["a/src/app.js", "my-src/code/js/app.js"], ["src"]),
        ("**/*-post.md", ["my-post.md", "path/their-post.md"], ["post.md"]),
        ("Main", ["Main"], ["main"]),
        (r"a\*", ["a*"], ["ab"]),
    ],
)
def test_a_pattern_names_what_github_says_it_names(pattern: str, named: list[str], not_named: list[str]) -> None:
    assert [name for name in [*named, *not_named] if fits(name, pattern)] == named


def test_the_last_pattern_that_fits_decides() -> None:
    assert lets_through("releases/10", ["releases/**", "!releases/**-alpha"])
    assert not lets_through("releases/10-alpha", ["releases/**", "!releases/**-alpha"])
    assert not lets_through("releases/10", ["!releases/**-alpha", "releases/**", "!releases/**"])


@pytest.mark.parametrize("pattern", ["?x", "+", "a**+", "[", "[^a]", "[]", "[z-a]", "!x"])
def test_a_pattern_that_nobody_can_read_is_unclear(pattern: str) -> None:
    with pytest.raises(Unclear):
        lets_through("x", [pattern])


def test_a_pattern_made_to_take_for_ever_does_not() -> None:
    began = time.monotonic()
    assert not fits("a" * 500, "**a" * 60 + "b")
    assert time.monotonic() - began < 2


# Conditions -----------------------------------------------------------------------------------------------------

KNOWN = {
    "github.ref": "refs/heads/pullwright/1-x",
    "github.event_name": "push",
    "github.event.pull_request.head.repo.fork": False,
    "some.merge": Unknown("refs/pull/"),
    "some.comment": Neutral(),
}


@pytest.mark.parametrize(
    "condition",
    [
        "false",
        "${{ false }}",
        "github.ref == 'refs/heads/main'",
        "GITHUB.REF == 'REFS/HEADS/MAIN'",
        "${{ github.event_name == 'push' && github.ref == 'refs/heads/main' }}",
        "success() && github.ref == 'refs/heads/main'",
        "github.ref == 'refs/heads/main' || github.event_name == 'release'",
        "startsWith(github.ref, 'refs/tags/')",
        "github.event_name != 'push'",
        "!(github.event_name == 'push')",
        "github.event.pull_request.head.repo.fork == true",
        "github.event.pull_request.head.repo.fork",
        "some.merge == 'refs/heads/main'",
        "startsWith(some.merge, 'refs/tags/')",
        "startsWith(some.comment, '/deploy')",
        "contains('abc', 'x')",
    ],
)
def test_what_never_holds_is_told(condition: str) -> None:
    assert surely_false(condition, KNOWN)


@pytest.mark.parametrize(
    "condition",
    [
        None,
        "",
        "true",
        "always()",
        "github.ref == 'refs/heads/pullwright/1-X'",
        "${{ github.ref }} == 'refs/heads/main'",
        "${{ false }} && ${{ false }}",
        "github.actor == 'ada'",
        "github.ref == 'refs/heads/main' || github.actor == 'ada'",
        "github.event_name == 'push' && contains(github.event.head_commit.message, 'x')",
        "!cancelled()",
        "some.merge == 'refs/pull/7/merge'",
        "contains(some.comment, '/deploy')",
        "startsWith(some.comment, 'deploy')",
        "github.ref['x'] == 'y'",
        "1 == 2",
        "github.ref == ",
        "github.ref == 'unclosed",
        "false; true",
        "(" * 500 + "false" + ")" * 500,
    ],
)
def test_what_may_hold_or_cannot_be_read_is_not_counted_out(condition: str | None) -> None:
    assert not surely_false(condition, KNOWN)


# YAML -----------------------------------------------------------------------------------------------------------


def test_scalars_stay_the_text_that_they_are() -> None:
    text = "on: [push]\nyes: no\nat: 2026-01-01\nnumber: 010\nnothing:\nquoted: 'null'\n"
    assert read(text) == {
        "on": ["push"],
        "yes": "no",
        "at": "2026-01-01",
        "number": "010",
        "nothing": None,
        "quoted": "null",
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the file is no mapping"),
        ("- a", "the file is no mapping"),
        ("a: 1\n---\nb: 2", "the file is not YAML (line 2)"),
        ("? [a]\n: b", "a key of the file is not a word"),
        ("[" * 5_000, "the file is not YAML"),
        ("a: \x00", "the file is not YAML"),
        ("#" * (MOST_BYTES + 1), "the file is larger than 256 KiB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert str(refused.value) == why
