"""How a repository's tests are found where it does not say."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policies.detect import detect, may_tell

VENV = "python3 -m venv /deps/venv"
PIP = "/deps/venv/bin/pip install --no-input --disable-pip-version-check"
UPGRADE = f"{PIP} --upgrade pip"


def found(**files: str):
    """Detection on these files; `__` in a keyword stands for a slash and `_dot_` for a dot."""
    tree = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    return in_tree(tree)


def in_tree(tree: dict[str, str]):
    asked: list[str] = []

    def read(path: str) -> str | None:
        asked.append(path)
        return tree.get(path)

    result = detect(list(tree), read)
    assert [path for path in asked if not may_tell(path)] == [], "only what may tell may be asked for"
    return result


def installed(tree: dict[str, str]) -> str:
    *first, last = in_tree(tree).setup
    assert first == [VENV, UPGRADE]
    assert last.startswith(PIP) or " " + PIP in last
    return last.split(f"{PIP} ")[1]


def test_a_python_project_runs_pytest_in_a_virtual_environment():
    result = in_tree({"pyproject.toml": "[project]\nname='x'\n", "tests/test_x.py": "def test(): pass"})
    assert result.checks["tests"].run == "python -m pytest -q"
    assert result.checks["tests"].select == 'python -m pytest -q "$@"'
    assert result.checks["tests"].tests == ("test_*.py", "*_test.py")
    assert result.setup == (VENV, UPGRADE, f"{PIP} pytest -e .")
    assert result.why == "`pyproject.toml` makes it a Python project; its tests run with pytest"


@pytest.mark.parametrize(
    ("tree", "arguments"),
    [
        (
            {"pyproject.toml": "[project]\n[project.optional-dependencies]\ntest=['a']\ndocs=['b']\n"},
            "pytest -e '.[test]'",
        ),
        ({"pyproject.toml": "[project]\n[project.optional-dependencies]\ndev=['a']\n"}, "pytest -e '.[dev]'"),
        (
            {"pyproject.toml": "[project]\n[project.optional-dependencies]\ntests=['a']\ndev=['b']\n"},
            "pytest -e '.[tests]'",
        ),
        ({"pyproject.toml": "[project]\n[dependency-groups]\ntest=['a']\n"}, "pytest -e . --group test"),
        ({"setup.cfg": "[metadata]\nname=x\n[options.extras_require]\ntesting =\n  a\n"}, "pytest -e '.[testing]'"),
        ({"setup.py": "setup(extras_require={'test': ['a'], 'x': []})"}, "pytest -e '.[test]'"),
        ({"setup.py": "extras = {'dev': ['a']}\nsetup(extras_require=extras)"}, "pytest -e '.[dev]'"),
        ({"setup.py": "", "requirements.txt": ""}, "pytest -e ."),
        ({"setup.py": "", "requirements-dev.txt": ""}, "pytest -e . -r requirements-dev.txt"),
        (
            {"setup.py": "", "requirements/test.txt": "", "requirements/dev.txt": ""},
            "pytest -e . -r requirements/test.txt",
        ),
        ({"setup.py": "", "tests/requirements.txt": ""}, "pytest -e . -r tests/requirements.txt"),
        ({"setup.py": "", "test-requirements.txt": ""}, "pytest -e . -r test-requirements.txt"),
        ({"requirements.txt": "flask"}, "pytest -r requirements.txt"),
        ({"pyproject.toml": "[tool.black]\n", "requirements.txt": ""}, "pytest -r requirements.txt"),
        (
            {"setup.py": "", "tox.ini": "[testenv]\ndeps =\n  mock>=2\n  py37: old\n  -rx\n  {a}\n"},
            "pytest -e . 'mock>=2'",
        ),
        (
            {"pyproject.toml": "[project]\n[tool.hatch.envs.test]\ndependencies=['freezegun']\n"},
            "pytest -e . freezegun",
        ),
        (
            {"pyproject.toml": "[project]\n[tool.poetry.group.test.dependencies]\nmock='^2'\npython='^3'\n"},
            "pytest -e . mock",
        ),
        ({"pyproject.toml": "[project]\n[tool.uv]\ndev-dependencies=['mock==2 ; x']\n"}, "pytest -e . mock==2"),
        (
            {"pyproject.toml": "[project]\n[tool.pytest.ini_options]\naddopts='--cov=x -n auto'\n"},
            "pytest pytest-cov pytest-xdist -e .",
        ),
        ({"setup.py": "", "pytest.ini": "[pytest]\nasyncio_mode = auto\n"}, "pytest pytest-asyncio -e ."),
    ],
)
def test_declared_test_dependencies_are_installed(tree, arguments):
    assert installed(tree) == arguments


def test_a_version_that_comes_from_git_tags_is_given_since_the_box_has_none():
    tree = {"pyproject.toml": "[build-system]\nrequires=['setuptools_scm']\n", "PKG-INFO": "Name: x\nVersion: 3.1.4\n"}
    assert in_tree(tree).setup[-1] == (
        f"SETUPTOOLS_SCM_PRETEND_VERSION=3.1.4 PDM_BUILD_SCM_VERSION=3.1.4 {PIP} pytest -e ."
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[project]\n[tool.hatch.build.hooks.vcs]\nversion-file='src/x/_version.py'"),
        ("pyproject.toml", "[project]\n[tool.setuptools_scm]\nversion_file='src/x/_version.py'"),
        ("pyproject.toml", "[project]\n[tool.setuptools_scm]\nwrite_to='src/x/_version.py'"),
        ("pyproject.toml", "[project]\n[tool.versioningit.write]\nfile='src/x/_version.py'"),
        ("setup.py", "setup(use_scm_version={'write_to': 'src/x/_version.py'})"),
        ("setup.py", "setup(use_scm_version=dict(version_file='src/x/_version.py'))"),
    ],
)
def test_a_version_file_that_the_installation_writes_is_laid_into_the_tree_before_the_tests(name, text):
    result = in_tree({name: text, "src/x/__init__.py": ""})
    assert result.setup[-1] == "mkdir -p /deps/made/src/x && cp src/x/_version.py /deps/made/src/x/"
    assert result.checks["tests"].run == "cp -r /deps/made/. . && python -m pytest -q"
    assert result.checks["tests"].select == 'cp -r /deps/made/. . && python -m pytest -q "$@"'


@pytest.mark.parametrize("path", ["../x.py", "/etc/x.py", "x.py; id", "$(id).py", "-r.py", "a/../b.py", "src/x/y.py"])
def test_a_version_file_that_is_committed_or_has_no_plain_path_changes_nothing(path):
    tree = {"pyproject.toml": f"[project]\n[tool.setuptools_scm]\nwrite_to='{path}'", "src/x/y.py": ""}
    result = in_tree(tree)
    assert len(result.setup) == 3
    assert result.checks["tests"].run == "python -m pytest -q"


def test_tests_that_import_unittest_and_know_no_pytest_run_with_unittest():
    result = in_tree({"setup.py": "", "tests/__init__.py": "", "tests/test_x.py": "import unittest\n"})
    assert result.checks["tests"].run == "python -m unittest discover -s tests -t ."
    assert result.checks["tests"].select == 'python -m unittest "$@"'
    assert result.setup[-1] == f"{PIP} -e ."


def test_a_conftest_or_any_word_of_pytest_means_pytest():
    tests = {"setup.py": "", "tests/test_x.py": "import unittest\n"}
    assert in_tree(tests | {"tests/conftest.py": ""}).checks["tests"].run == "python -m pytest -q"
    assert in_tree(tests | {"tox.ini": "[testenv]\ncommands=pytest\n"}).checks["tests"].run == "python -m pytest -q"


def test_the_globs_that_pytest_is_told_are_those_of_the_evidence():
    tree = {"pyproject.toml": "[tool.pytest.ini_options]\npython_files=['check_*.py', '!x.py']\n"}
    assert in_tree(tree).checks["tests"].tests == ("check_*.py", "test_*.py", "*_test.py")


def test_a_makefile_with_a_test_target_is_enough():
    result = found(Makefile="build:\n\ttrue\ntest: build\n\ttrue\n")
    assert (result.checks["tests"].run, result.setup) == ("make test", ())


def test_a_script_of_npm_runs_with_modules_from_the_layer():
    result = found(package_dot_json='{"scripts": {"test": "jest"}}', package_minus_lock="")
    assert result.checks["tests"].run.endswith("npm test")
    assert "npm install" in result.setup[0]


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"README.md": "make test"},
        {"Makefile": "tests:\n\ttrue\n"},
        {"Makefile": "test := x\n"},
        {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'},
        {"package.json": "[" * 100_000},
        {"src/pyproject.toml": "[project]"},
    ],
)
def test_where_nothing_is_found_it_says_what_was_looked_for(tree):
    result = in_tree(tree)
    assert not result.checks
    assert result.why == ("no Python project, no Makefile with a target `test`, no `package.json` with a script `test`")


@pytest.mark.parametrize(
    "name",
    ["test; curl evil", "$(id)", "`id`", "te st", "test\nid", "--index-url", "test'"],
)
def test_names_that_do_not_look_like_names_never_reach_the_shell(name):
    quoted = name.replace("\\", "\\\\").replace("\n", "\\n")
    tree = {
        "pyproject.toml": "[project]\n"
        f'[project.optional-dependencies]\n"{quoted}"=[]\n[dependency-groups]\n"{quoted}"=[]\n'
        f'[tool.uv]\ndev-dependencies=["{quoted}"]\n',
        f"requirements-dev.txt;{name}": "",
    }
    # What stands before a semicolon is a requirement; what follows is its condition, and is dropped.
    assert installed(tree) == ("pytest -e . test" if name.startswith("test;") else "pytest -e .")


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(["pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini"]), st.text())
)
@example({"pyproject.toml": "a = " + "[" * 5_000})
@example({"setup.py": "extras = " + "(" * 5_000})
@example({"setup.py": "extras_require = {'test': []}\n\x00"})
@example({"setup.cfg": "[options.extras_require\n"})
@example({"tox.ini": "[testenv]\ndeps = %(x)s\n"})
@example({"pyproject.toml": "project = 1\ntool = []\ndependency-groups = 3\n"})
def test_no_file_makes_detection_fail(tree):
    in_tree(tree)
