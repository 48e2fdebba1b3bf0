"""The first policy file of a repository: what is found where, and that nothing in a repository can break out of it."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policies.clues import MOST_CHARACTERS, clues
from policies.onboarding import first_file
from policies.schema import PATH, BuiltIn, Policy, built_in, load
from policies.survey import MOST_FILES, Survey, may_tell, survey

CI = ".github/workflows/ci.yml"
CONTAINER = ".devcontainer/devcontainer.json"


def surveyed(tree: dict[str, str]) -> Survey:
    asked: list[str] = []

    def read(path: str) -> str | None:
        asked.append(path)
        return tree.get(path)

    found = survey(list(tree), read)
    assert [path for path in asked if not may_tell(path)] == [], "only what may tell may be asked for"
    return found


def made(tree: dict[str, str], counts: BuiltIn = BuiltIn.team) -> tuple[str, Policy]:
    text = first_file(built_in(counts), surveyed(tree))
    return text, load(text, PATH)


def workflow(*scripts: str, **step: str) -> str:
    steps = [{"uses": "actions/checkout@v4"}, *({"run": script, **step} for script in scripts)]
    return yaml.safe_dump({"on": "push", "jobs": {"test": {"runs-on": "ubuntu-latest", "steps": steps}}})


def container(**keys: object) -> str:
    return json.dumps(keys)


NPM = "mkdir -p /deps/npm && cp package*.json /deps/npm/ && cd /deps/npm && npm install --no-audit --no-fund"


@pytest.mark.parametrize(
    ("tree", "run", "why"),
    [
        ({"Makefile": "test: x\n\tls\n"}, "make test", "`Makefile` has a target `test`"),
        ({"Makefile": "test:\n", CI: workflow("make check")}, "make test", "`Makefile` has a target `test`"),
        ({"Cargo.toml": ""}, "cargo test", "`Cargo.toml` is there"),
        ({"Cargo.toml": "", CI: workflow("cargo test --all")}, "cargo test --all", f"`{CI}` runs it"),
        ({"go.mod": ""}, "go test ./...", "`go.mod` is there"),
        ({"Gemfile": "", ".rspec": ""}, "bundle exec rspec", "`.rspec` is there"),
        ({"Gemfile": "", "Rakefile": ""}, "bundle exec rake test", "`Rakefile` is there"),
        ({"pom.xml": "", "mvnw": ""}, "./mvnw --batch-mode --offline test", "`mvnw` is there"),
        ({"build.gradle.kts": ""}, "gradle --offline test", "`build.gradle.kts` is there"),
        ({"a.c": "", CI: workflow("cmake . && ctest")}, "cmake . && ctest", f"`{CI}` runs it"),
        (
            {"package.json": "{}", CI: workflow("npx vitest run")},
            "ln -sfn /deps/npm/node_modules node_modules && npx vitest run",
            f"`{CI}` runs it",
        ),
    ],
)
def test_the_tests_run_as_the_repository_says_or_as_its_kind_does(tree: dict[str, str], run: str, why: str) -> None:
    found = surveyed(tree)
    assert found.check is not None
    assert (found.check.run, found.why) == (run, why)
    assert made(tree)[1].checks["tests"].run == run
    assert found.setup == ((NPM,) if "package.json" in tree else ())


@pytest.mark.parametrize(
    "script",
    [
        "pytest ${{ github.event.issue.title }}",
        "if true; then\n  pytest\nfi",
        "pytest \\\n  -q",
        "cat <<EOF\npytest\nEOF",
        "# pytest",
        "echo mypytester",
        "pytest " + "x" * 200,
        "pytest \u202e",
        "TOKEN=ghp_abcdefghijklmnopqrstuvwxyz012345 pytest",
    ],
)
def test_what_means_something_else_by_itself_or_must_not_be_shown_is_no_test_command(script: str) -> None:
    tree = {"a.c": "", CI: workflow(script)}
    assert (surveyed(tree).check, surveyed(tree).beside) == (None, ())
    assert surveyed({"a.c": "", CI: workflow("pytest", **{"working-directory": "api"})}).check is None
    assert surveyed({"a.c": "", CI: workflow("pytest", shell="pwsh")}).check is None


@pytest.mark.parametrize(
    ("said", "commands"),
    [
        ("npm ci", ["npm ci"]),
        (["pip", "install", "a b"], ["pip install 'a b'"]),
        ({"one": "npm ci", "two": ["make", "deps"], "three": {"no": "further"}}, ["npm ci", "make deps"]),
        (7, []),
        ([1, 2], []),
        ("npm ci\nrm -rf x", []),
    ],
)
def test_a_development_container_says_what_it_prepares(said: object, commands: list[str]) -> None:
    found = clues(CONTAINER, json.dumps({"postCreateCommand": said}))
    assert [clue.command for clue in found.commands] == commands


def test_the_file_of_a_container_may_hold_comments_and_a_last_comma() -> None:
    text = '{ // one\n "image": "https://x//y", /* two, } */ "features": {"ghcr.io/a:1": {},},\n'
    text += ' "onCreateCommand": "a,]",}'
    found = clues(CONTAINER, text)
    assert [clue.command for clue in found.commands] == ["a,]"]
    assert [said for _, said in found.remarks] == ["its image is `https://x//y`", "its features are `ghcr.io/a:1`"]


def test_what_was_found_beside_is_shown_and_counts_for_nothing() -> None:
    tree = {
        "pyproject.toml": "[project]\nname='x'\n",
        "src/x.py": "",
        CI: workflow("apt-get install -y libxml2", "tox -e py"),
        CONTAINER: '{"image": "python:3"}',
        ".github/workflows/odd.yml": "on: [",
    }
    text, policy = made(tree)
    assert policy.checks["tests"].run == "python -m pytest -q"
    assert "\n# Languages: Python (1 file).\n" in text
    assert f"\n# - {CI}: apt-get install -y libxml2\n# - {CI}: tox -e py\n" in text
    assert f"\n# - {CONTAINER}: its image is `python:3`\n" in text
    assert "\n# - .github/workflows/odd.yml: the file is not YAML (line 1)\n" in text


def test_where_nothing_is_found_the_file_shows_how_to_say_it() -> None:
    text, policy = made({"README": ""})
    assert (policy.checks, policy.setup) == ({}, ())
    uncommented = text.replace("#checks:\n#  tests:\n#    run", "checks:\n  tests:\n    run")
    assert load(uncommented.replace("#setup:\n#  -", "setup:\n  -"), PATH).checks["tests"].run == "make test"


def test_large_and_many_files_are_said_to_be_left_out() -> None:
    tree = {f".github/workflows/{number:03}.yml": workflow("pytest") for number in range(MOST_FILES + 3)}
    found = surveyed({**tree, CONTAINER: " " * (MOST_CHARACTERS + 1)})
    assert (CONTAINER, "it is too large to be looked at") in found.unread
    assert sum(why == f"only the first {MOST_FILES} are looked at" for _, why in found.unread) == 4
    assert [clue.command for clue in found.beside] == []
    assert found.check is not None


@pytest.mark.parametrize("name", list(BuiltIn))
def test_but_for_the_tests_the_file_means_what_counts_already(name: BuiltIn) -> None:
    owners = "merge: bot\nlimits: {files: 7}\nprotected: [x]\nrules: [{name: a, if: {any_path: [b]}}]\n"
    for counts in (built_in(name), load(owners, "owner", start_from=name)):
        text = first_file(counts, surveyed({"Makefile": "test:\n"}))
        then = load(text, PATH)
        assert then.checks.keys() == {"tests"}
        assert then.model_copy(update={"checks": {}}) == counts
    assert text.count("\nrules:") == 1
    assert "\n#rules:" not in text, "with the sign taken away a key would stand there twice"


CORPUS = Path(__file__).parents[1] / "exposure" / "corpus"


@pytest.mark.parametrize("file", sorted(CORPUS.rglob("*.yml")), ids=lambda file: file.stem)
def test_workflows_as_repositories_have_them_and_traps_make_a_file_that_counts(file: Path) -> None:
    text, policy = made({"a.c": "", f".github/workflows/{file.name}": file.read_text()})
    assert policy.policy == "team"
    assert text.count("\nchecks:") + text.count("\n#checks:") == 1


# Hostile files -------------------------------------------------------------------------------------------------

NAMES = ["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "Makefile", "package.json", "Cargo.toml", CI, CONTAINER]
ODD = st.text(max_size=60) | st.sampled_from(
    [
        "\n",
        "\r",
        "\x85",
        "\u2028",
        '"',
        "'",
        "# ",
        "\nmerge: bot\n",
        "${{ x }}",
        "pytest",
        "\x7f",
        "\U0001f600",
        "- a: &b",
    ]
)
TEXTS = st.lists(ODD, max_size=6).map("".join)
TREES = st.dictionaries(
    st.sampled_from(NAMES) | ODD | ODD.map(lambda odd: f".github/workflows/{odd}.yml"),
    TEXTS
    | st.lists(TEXTS, min_size=1, max_size=3).map(lambda scripts: workflow(*scripts))
    | TEXTS.map(lambda text: f"[project]\nname='x'\n[tool.pytest.ini_options]\npython_files = {json.dumps(text)}")
    | TEXTS.map(lambda text: container(postCreateCommand=text, image=text, features={text: {}})),
    max_size=6,
)


@settings(max_examples=30)
@given(TREES, st.sampled_from(list(BuiltIn)))
@example({CI: workflow('pytest "\nmerge: bot')}, BuiltIn.team)
@example({".github/workflows/a\nmerge: bot\n.yml": "on: ["}, BuiltIn.team)
@example({"pyproject.toml": "[project]\n[tool.pytest.ini_options]\npython_files='\U0001f600\"x.py'\n"}, BuiltIn.team)
def test_whatever_a_repository_holds_the_file_is_valid_and_says_nothing_but_how_to_test(
    tree: dict[str, str], name: BuiltIn
) -> None:
    found = surveyed(tree)
    then = load(first_file(built_in(name), found), PATH)
    assert then.model_copy(update={"checks": {}, "setup": ()}) == built_in(name)
    assert then.setup == found.setup
    assert dict(then.checks) == ({"tests": found.check} if found.check is not None else {})
