"""Python projects: how their tests run, and what has to be installed first.

Declared test dependencies are looked for where projects keep them: extras, dependency groups (PEP 735), requirements
files, and the tables of hatch, pdm, poetry, uv and tox.
"""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.globs import glob_mistake
from policies.python_setup_files import extras_of_setup_cfg, extras_of_setup_py, section_of
from policies.python_version_files import kept, laid, version_files
from policies.schema import Check

Read = Callable[[str], str | None]

VENV = "/deps/venv"
MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "noxfile.py", "pytest.ini", ".pytest.ini")
TEST_WORDS = ("test", "tests", "testing")
DEV_WORDS = ("dev", "develop", "development")
MAX_TEXT = 400_000
MAX_LISTED = 40

_REQUIREMENTS = re.compile(
    r"^(?:(?:requirements|requires|deps|ci)/)?(?:(test|tests|testing|dev|develop)[-_.])?requirements?"
    r"(?:[-_.](test|tests|testing|dev|develop))?\.txt$|^(?:requirements|requires)/(test|tests|testing|dev|develop)\.txt$"
    r"|^(test|tests)/requirements?\.txt$"
)
_NAME = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$")
_REQUIREMENT = re.compile(
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,98}(?:\[[A-Za-z0-9._, -]{1,80}\])?"
    r"\s*(?:[<>=!~]=?=?\s*[A-Za-z0-9.*+!_-]{1,40}\s*,?\s*){0,5}$"
)
_VERSION = re.compile(r"^Version: ([0-9][A-Za-z0-9.!+_-]{0,60})\s*$", re.MULTILINE)
_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|tests)\.py$")
_FROM_VCS = (
    "setuptools_scm",
    "setuptools-scm",
    "hatch-vcs",
    "versioningit",
    "poetry-dynamic-versioning",
    "pdm-backend",
)
_PLUGINS: Mapping[str, str] = {
    "--cov": "pytest-cov",
    "-n ": "pytest-xdist",
    "--dist": "pytest-xdist",
    "--timeout": "pytest-timeout",
    "asyncio_mode": "pytest-asyncio",
    "--benchmark": "pytest-benchmark",
    "--mypy": "pytest-mypy",
}
"""What pytest's own configuration asks for, and the plugin that knows it."""


def may_tell(path: str) -> bool:
    """Whether the text of this file may matter here."""
    shallow_test = path.count("/") <= 2 and _TEST_FILE.search(path) is not None
    return path in {*MARKERS, "PKG-INFO"} or _REQUIREMENTS.match(path) is not None or shallow_test


@dataclass(frozen=True, slots=True)
class PythonProject:
    """What the files of a Python project say about its tests."""

    files: frozenset[str]
    pyproject: Mapping[str, Any]
    texts: Mapping[str, str]
    """The readable texts of what `may_tell()` names, without the test files."""
    uses_unittest: bool
    """Nothing speaks of pytest, and the tests import unittest."""

    @classmethod
    def of(cls, files: Sequence[str], read: Read) -> "PythonProject | None":
        """The project at the root of the tree, or None where there is none."""
        present = frozenset(files)
        requirements = sorted(path for path in present if _REQUIREMENTS.match(path))
        if not any(marker in present for marker in MARKERS) and not requirements:
            return None
        named = [path for path in (*MARKERS, "PKG-INFO") if path in present] + requirements[:MAX_LISTED]
        texts = {path: text for path in named if (text := read(path)) is not None and len(text) <= MAX_TEXT}
        return cls(present, _toml(texts.get("pyproject.toml", "")), texts, _unittest(present, read, texts))

    def check(self) -> Check:
        """The test command, and the one that runs only the files it is given."""
        globs = tuple(dict.fromkeys((*self._python_files(), "test_*.py", "*_test.py")))
        if self.uses_unittest:
            start = next((f"{name}" for name in ("tests", "test") if self._has_folder(name)), ".")
            package = f"{start}/__init__.py" in self.files
            discover = f"python -m unittest discover -s {start}" + (" -t ." if package else "")
            return self._check(discover, 'python -m unittest "$@"', globs)
        return self._check("python -m pytest -q", 'python -m pytest -q "$@"', globs)

    def _check(self, run: str, select: str, globs: tuple[str, ...]) -> Check:
        made = self._version_files()
        return Check(run=laid(made, run), tests=globs, select=laid(made, select))

    def setup(self) -> tuple[str, ...]:
        """A virtual environment with the project, its test dependencies and a test runner."""
        what = self._what_to_install()
        pip = f"{VENV}/bin/pip install --no-input --disable-pip-version-check"
        # Dependency groups need pip 25.1, newer than what most interpreters bring.
        install = f"{self._version()}{pip} {' '.join(what)}"
        return (f"python3 -m venv {VENV}", f"{pip} --upgrade pip", install, *kept(self._version_files()))

    def why(self) -> str:
        marker = next((m for m in MARKERS if m in self.files), "a requirements file")
        runner = "unittest" if self.uses_unittest else "pytest"
        return f"`{marker}` makes it a Python project; its tests run with {runner}"

    def _what_to_install(self) -> list[str]:
        what = [] if self.uses_unittest else ["pytest"]
        what += [shlex.quote(plugin) for plugin in self._plugins()]
        extras, groups = self._words(self._extras()), self._words(_table(self.pyproject, "dependency-groups"))
        if self._installable():
            what += ["-e", shlex.quote(f".[{','.join(extras)}]") if extras else "."]
        for group in groups:
            what += ["--group", shlex.quote(group)]
        for path in self._requirements(declared=bool(extras or groups)):
            what += ["-r", shlex.quote(path)]
        if not extras and not groups:
            what += [shlex.quote(requirement) for requirement in self._of_tools()]
        return list(what)

    def _installable(self) -> bool:
        if "setup.py" in self.files:
            return True
        if "project" in self.pyproject or "build-system" in self.pyproject:
            return True
        return "[metadata]" in self.texts.get("setup.cfg", "")

    def _extras(self) -> Iterable[str]:
        return (
            *_table(self.pyproject, "project", "optional-dependencies"),
            *_table(self.pyproject, "tool", "poetry", "extras"),
            *extras_of_setup_cfg(self.texts.get("setup.cfg", "")),
            *extras_of_setup_py(self.texts.get("setup.py", "")),
        )

    def _words(self, names: Iterable[str]) -> list[str]:
        """The names among these that mean tests, or else the ones that mean development."""
        known = [name for name in dict.fromkeys(names) if _NAME.match(name)]
        for words in (TEST_WORDS, DEV_WORDS):
            if found := [name for name in known if name.lower() in words]:
                return found
        return []

    def _requirements(self, *, declared: bool) -> list[str]:
        """Requirements files: those for tests always, those for development where nothing else is declared."""
        found: dict[str, list[str]] = {"test": [], "dev": [], "": []}
        for path in sorted(self.files):
            if match := _REQUIREMENTS.match(path):
                word = next((group for group in match.groups() if group), "")
                found["test" if word in TEST_WORDS else "dev" if word in DEV_WORDS else ""].append(path)
        plain = [] if self._installable() else found[""]
        more = found["test"] or ([] if declared else found["dev"])
        return [*plain, *more][:MAX_LISTED]

    def _of_tools(self) -> list[str]:
        """Test dependencies that only a tool's own table names; versions that pip would not read are left out."""
        tool = ("tool",)
        found: list[str] = []
        for name in ("hatch-test", "test", "default"):
            environment = _table(self.pyproject, *tool, "hatch", "envs", name)
            found += [*_strings(environment.get("dependencies")), *_strings(environment.get("extra-dependencies"))]
        for words in (*TEST_WORDS, *DEV_WORDS):
            found += _strings(_table(self.pyproject, *tool, "pdm", "dev-dependencies").get(words))
            found += _table(self.pyproject, *tool, "poetry", "group", words, "dependencies")
        found += _table(self.pyproject, *tool, "poetry", "dev-dependencies")
        found += _strings(_table(self.pyproject, *tool, "uv").get("dev-dependencies"))
        found += section_of(self.texts.get("tox.ini", ""), "testenv", "deps")
        plain = [one.split(";")[0].strip() for one in found]
        return [one for one in dict.fromkeys(plain) if one != "python" and _REQUIREMENT.match(one)][:MAX_LISTED]

    def _plugins(self) -> list[str]:
        said = self._pytest_configuration()
        return list(dict.fromkeys(plugin for word, plugin in _PLUGINS.items() if word in said))

    def _pytest_configuration(self) -> str:
        options = _table(self.pyproject, "tool", "pytest", "ini_options")
        parts = [
            f"{key} {' '.join(_strings(value)) if isinstance(value, list) else value}" for key, value in options.items()
        ]
        parts += [self.texts.get("pytest.ini", ""), self.texts.get(".pytest.ini", "")]
        for name, section in (("setup.cfg", "tool:pytest"), ("tox.ini", "pytest")):
            for key in ("addopts", "asyncio_mode"):
                parts += [f"{key} {row}" for row in section_of(self.texts.get(name, ""), section, key)]
        return "\n".join(parts)

    def _python_files(self) -> list[str]:
        """The globs by which pytest is told to find test files."""
        said = _table(self.pyproject, "tool", "pytest", "ini_options").get("python_files")
        globs = _strings(said) if isinstance(said, list) else str(said or "").split()
        globs += [
            g for row in section_of(self.texts.get("setup.cfg", ""), "tool:pytest", "python_files") for g in row.split()
        ]
        return [glob for glob in globs if len(glob) < 100 and glob.endswith(".py") and glob_mistake(glob) is None]

    def _has_folder(self, name: str) -> bool:
        return any(path.startswith(f"{name}/") for path in self.files)

    def _version_files(self) -> tuple[str, ...]:
        if not self._installable():
            return ()
        return version_files(self.pyproject, self.texts.get("setup.py", ""), self.files)

    def _version(self) -> str:
        """A version for backends that ask git's tags for it: the box's throwaway repository has none."""
        said = "\n".join(self.texts.get(name, "") for name in ("pyproject.toml", "setup.py", "setup.cfg"))
        if not any(word in said for word in _FROM_VCS):
            return ""
        found = _VERSION.search(self.texts.get("PKG-INFO", ""))
        version = found[1] if found else "0.0.0"
        return f"SETUPTOOLS_SCM_PRETEND_VERSION={version} PDM_BUILD_SCM_VERSION={version} "


def _unittest(files: frozenset[str], read: Read, texts: Mapping[str, str]) -> bool:
    if any("pytest" in text for text in texts.values()) or any(path.endswith("conftest.py") for path in files):
        return False
    candidates = sorted(path for path in files if path.count("/") <= 2 and _TEST_FILE.search(path))[:MAX_LISTED]
    tests = [text for path in candidates if (text := read(path)) is not None]
    return any("unittest" in text for text in tests) and not any("pytest" in text for text in tests)


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _table(value: Any, *path: str) -> Mapping[str, Any]:
    """The table at this path, or an empty one."""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
