"""The end of a job's log, as an agent is told of it."""

from jobs.red_checks import printed


def test_what_a_job_prints_behind_its_last_failure_is_how_it_cleans_up() -> None:
    log = b"2026-05-01T10:00:00.1Z \x1b[31mbad\x1b[0m\r\n2026-05-01T10:00:01.1Z ##[error]exit code 1.\r\nCleaning up.\n"
    assert printed(log) == "bad\n##[error]exit code 1."


def test_a_log_without_a_marked_failure_is_taken_as_it_is() -> None:
    assert printed(b"one\ntwo \xff\n") == "one\ntwo \N{REPLACEMENT CHARACTER}\n"
