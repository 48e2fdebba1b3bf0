"""What a test command's end means: green, red, or not a verdict about the code at all.

"Command not found" and "no tests ran" are no red tests; taking them for red would make any change look proven.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

MAX_TESTS = 2_000
MAX_LINES = 200_000
MAX_NAME = 300


class Verdict(StrEnum):
    green = "green"
    red = "red"
    nothing = "nothing"
    """It ran, and found no test."""
    unbuildable = "unbuildable"
    """It could not run: not found, not executable, wrong usage, killed, out of time."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict and one sentence that says why."""

    verdict: Verdict
    why: str


_PYTEST_SUMMARY = re.compile(r"^(?:FAILED|ERROR)[ \t]+([^\[]*?(?:\[.*?\](?=[ \t]+-[ \t]|$))?)(?:[ \t]+-[ \t].*)?$")
_UNITTEST = re.compile(r"^(?:FAIL|ERROR): (\w+) \(([\w.<>]+)\)")
_TAP = re.compile(r"^not ok\b[ \t]*\d*[ \t]*(?:-[ \t]*)?([^#\n]*)(#.*)?$")
_TAP_EXCUSED = re.compile(r"#\s*(?:TODO|SKIP)\b", re.IGNORECASE)
_PYTEST = re.compile(
    r"^=+ .*(?:\bin \d|no tests ran|passed|failed|error).* =+$|^(?:\d+ \w+, )*\d+ \w+ in \d|^no tests ran in"
    r"|^(?:usage: \S*pytest|ERROR: usage:|ERROR: file or directory not found|INTERNALERROR>)",
    re.MULTILINE,
)
_COLLECTION = re.compile(r"^(?:=+ )?ERRORS(?: =+)?$|^ERROR collecting |errors? during collection", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[mK]")
"""What `--color=yes` puts around words, even where nobody can see colours."""
_NO_UNITTESTS = re.compile(r"^Ran 0 tests in ", re.MULTILINE)
_NOT_FOUND = re.compile(r"No module named '?(pytest|unittest|tox|nox)'?|command not found|: not found$", re.MULTILINE)


def failing_tests(output: str) -> frozenset[str]:
    """The names of failing tests that the output tells: pytest's short summary, unittest's headings, TAP.

    Empty where it tells none; never more than `MAX_TESTS`. Total on any text.
    """
    found: set[str] = set()
    for row in _lines(_COLOURS.sub("", output)):
        name = _failing(row)
        if name:
            found.add(name[:MAX_NAME])
            if len(found) >= MAX_TESTS:
                break
    return frozenset(found)


def judged(exit_code: int | None, output: str, *, timed_out: bool = False) -> Judged:
    """What the end of a test command means. `exit_code` is None where the box killed it."""
    if timed_out:
        return Judged(Verdict.unbuildable, "it did not end in time")
    if exit_code is None:
        return Judged(Verdict.unbuildable, "it was killed by a limit of the sandbox")
    if exit_code in {126, 127}:
        return Judged(Verdict.unbuildable, "the command, or a program that it needs, is not there")
    if exit_code > 128:
        return Judged(Verdict.unbuildable, f"signal {exit_code - 128} ended it")
    output = _COLOURS.sub("", output)
    if _NO_UNITTESTS.search(output) and not failing_tests(output):
        return Judged(Verdict.nothing, "it found no test")
    if exit_code == 0:
        return Judged(Verdict.green, "it ended with 0")
    if _PYTEST.search(output):
        return _pytest(exit_code, output)
    if _NOT_FOUND.search(output) and not failing_tests(output):
        return Judged(Verdict.unbuildable, "the test runner is not installed")
    return Judged(Verdict.red, f"it ended with {exit_code}")


def outcome(exit_code: int | None, output: str) -> Verdict:
    """The verdict alone."""
    return judged(exit_code, output).verdict


def _pytest(exit_code: int, output: str) -> Judged:
    """pytest's exit codes: https://docs.pytest.org/en/stable/reference/exit-codes.html"""
    if exit_code == 5:
        return Judged(Verdict.nothing, "pytest found no test")
    if exit_code == 4 and not failing_tests(output):
        return Judged(Verdict.unbuildable, "pytest was called wrongly (exit code 4)")
    if exit_code == 3:
        return Judged(Verdict.unbuildable, "pytest itself crashed (exit code 3)")
    if exit_code == 2:
        if _COLLECTION.search(output) or failing_tests(output):
            return Judged(Verdict.red, "pytest could not collect every test file (exit code 2)")
        return Judged(Verdict.unbuildable, "pytest was interrupted (exit code 2)")
    return Judged(Verdict.red, f"pytest ended with {exit_code}")


def _lines(output: str) -> Iterator[str]:
    for number, row in enumerate(output.split("\n")):
        if number >= MAX_LINES:
            return
        yield row.rstrip("\r")[:2_000]


def _failing(row: str) -> str | None:
    if found := _UNITTEST.match(row):
        return f"{found[2]}.{found[1]}" if not found[2].endswith(f".{found[1]}") else found[2]
    if found := _PYTEST_SUMMARY.match(row):
        name = found[1]
        return name if "::" in name or "/" in name or name.endswith(".py") else None
    if (found := _TAP.match(row)) and not _TAP_EXCUSED.search(row):
        return found[1].strip() or None
    return None
