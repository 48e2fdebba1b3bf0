"""What the end of a test command means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.reports import MAX_TESTS, Verdict, failing_tests, judged, outcome

PYTEST = """..F
=========================== short test summary info ============================
FAILED tests/test_a.py::test_one - AssertionError: assert 1 == 2
FAILED tests/test_a.py::test_two[a - b] - ValueError
ERROR tests/test_b.py
ERROR tests/test_c.py::test_x - fixture 'y' not found
1 failed, 2 passed in 0.12s
"""
UNITTEST = """F
======================================================================
FAIL: test_one (tests.test_a.Case)
----------------------------------------------------------------------
ERROR: test_two (tests.test_a.Case.test_two)
Ran 2 tests in 0.001s

FAILED (failures=1, errors=1)
"""
TAP = """1..4
ok 1 - fine
not ok 2 - broken thing
not ok 3 later # TODO not yet
not ok 4
"""


def test_pytests_short_summary_names_the_failing_tests():
    assert failing_tests(PYTEST) == {
        "tests/test_a.py::test_one",
        "tests/test_a.py::test_two[a - b]",
        "tests/test_b.py",
        "tests/test_c.py::test_x",
    }


def test_colours_hide_no_failing_test_and_change_no_verdict():
    red, plain = "\x1b[31m", "\x1b[0m"
    coloured = (
        f"{red}{'=' * 9} short test summary info {'=' * 9}{plain}\n"
        f"{red}FAILED{plain} tests/test_a.py::\x1b[1mtest_one{plain} - assert 1 == 2\n"
        f"{red}ERROR{plain} tests/test_b.py\n"
        f"{red}{red}\x1b[1m1 failed{plain}, {red}1 error{plain}{red} in 0.12s{plain}\n"
    )
    assert failing_tests(coloured) == {"tests/test_a.py::test_one", "tests/test_b.py"}
    assert judged(2, coloured) == judged(2, "FAILED tests/test_a.py::test_one\n1 failed, 1 error in 0.12s\n")


def test_unittest_names_its_tests_in_headings():
    assert failing_tests(UNITTEST) == {"tests.test_a.Case.test_one", "tests.test_a.Case.test_two"}


def test_tap_names_what_is_not_ok_except_what_is_excused():
    assert failing_tests(TAP) == {"broken thing"}


def test_ordinary_log_lines_are_no_tests():
    assert failing_tests("ERROR could not connect\nFAILED badly\nERROR: x\nall fine") == frozenset()


def test_the_number_of_names_is_bounded():
    assert len(failing_tests("\n".join(f"FAILED t.py::t{n}" for n in range(MAX_TESTS * 2)))) == MAX_TESTS


@given(st.text())
def test_any_output_can_be_read(text):
    failing_tests(text)
    judged(1, text)


@pytest.mark.parametrize(
    ("exit_code", "output", "verdict", "why"),
    [
        (0, "3 passed in 0.1s", Verdict.green, "it ended with 0"),
        (1, PYTEST, Verdict.red, "pytest ended with 1"),
        (1, UNITTEST, Verdict.red, "it ended with 1"),
        (2, "make: *** [test] Error 1", Verdict.red, "it ended with 2"),
        (126, "", Verdict.unbuildable, "the command, or a program that it needs, is not there"),
        (127, "sh: 1: pytest: not found", Verdict.unbuildable, "the command, or a program that it needs, is not there"),
        (None, "", Verdict.unbuildable, "it was killed by a limit of the sandbox"),
        (137, "", Verdict.unbuildable, "signal 9 ended it"),
        (1, "/usr/bin/python: No module named pytest", Verdict.unbuildable, "the test runner is not installed"),
        (5, "no tests ran in 0.01s", Verdict.nothing, "pytest found no test"),
        (0, "Ran 0 tests in 0.000s\n\nOK", Verdict.nothing, "it found no test"),
        (5, "Ran 0 tests in 0.000s\n\nNO TESTS RAN", Verdict.nothing, "it found no test"),
        (
            4,
            "ERROR: file or directory not found: x\n\nno tests ran in 0.00s",
            Verdict.unbuildable,
            "pytest was called wrongly (exit code 4)",
        ),
        (3, "INTERNALERROR> boom", Verdict.unbuildable, "pytest itself crashed (exit code 3)"),
        (
            2,
            "= ERRORS =\nERROR tests/test_a.py\n!!! Interrupted: 1 error during collection !!!\n1 error in 0.10s",
            Verdict.red,
            "pytest could not collect every test file (exit code 2)",
        ),
        (
            2,
            "!!! KeyboardInterrupt !!!\n1 passed in 3.00s",
            Verdict.unbuildable,
            "pytest was interrupted (exit code 2)",
        ),
    ],
)
def test_the_end_of_a_command_is_judged(exit_code, output, verdict, why):
    found = judged(exit_code, output)
    assert (found.verdict, found.why) == (verdict, why)
    assert outcome(exit_code, output) is verdict


def test_a_command_that_ran_out_of_time_is_no_red_test():
    assert judged(None, PYTEST, timed_out=True).why == "it did not end in time"
