"""A log line is one JSON object, without secrets and without control characters."""

import io
import json
import logging

import pytest
import structlog

from adapters import logs
from core.redaction import Redactor


@pytest.fixture
def lines():
    """What is logged, parsed; logging is as it was afterwards."""
    stream = io.StringIO()

    def read() -> list[dict[str, object]]:
        assert stream.getvalue().isascii()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    with logs.configured(stream, ["s3cr3t-value", "s3cr3t", "abc"], process="test"):
        yield read


def test_a_line_says_when_where_and_what(lines):
    structlog.get_logger("somewhere").info("run.started", run="abc123", number=3, good=True)
    (line,) = lines()
    assert {key: line[key] for key in ("event", "level", "process", "run", "number", "good")} == {
        "event": "run.started",
        "level": "info",
        "process": "test",
        "run": "abc123",
        "number": 3,
        "good": True,
    }
    assert str(line["at"]).endswith("Z")


def test_known_secrets_are_hidden_wherever_they_stand(lines):
    structlog.get_logger().info("x s3cr3t-value", a=["s3cr3t"], b={"s3cr3t": ("s3cr3t-value", 1)}, c=OSError("s3cr3t!"))
    (line,) = lines()
    assert (line["event"], line["a"], line["b"], line["c"]) == (
        "x [redacted]",
        ["[redacted]"],
        {"[redacted]": ["[redacted]", 1]},
        "[redacted]!",
    )


def test_a_secret_too_short_to_be_one_hides_no_words(lines):
    structlog.get_logger().info("abc")
    assert lines()[0]["event"] == "abc"


def test_what_a_job_learns_is_hidden_while_it_is_open(lines):
    redactor = Redactor()
    with logs.hiding(redactor):
        redactor.learn("made-for-an-hour")
        structlog.get_logger().info("made-for-an-hour")
        assert logs.redacted("it is made-for-an-hour and s3cr3t") == "it is [redacted] and [redacted]"
    structlog.get_logger().info("made-for-an-hour")
    assert [line["event"] for line in lines()] == ["[redacted]", "made-for-an-hour"]


def test_control_characters_arrive_as_escapes(lines):
    structlog.get_logger().info("a\nb\x1b[31m\x7f\u202e")
    assert lines()[0]["event"] == "a\nb\x1b[31m\x7f\u202e"
    assert len(lines()) == 1


def test_other_libraries_log_the_same_way(lines):
    logging.getLogger("some.library").warning("with %s", "s3cr3t-value")
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"]) == ("with [redacted]", "warning", "some.library")


def test_an_exception_is_part_of_its_line(lines):
    try:
        raise RuntimeError("s3cr3t-value")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (line,) = lines()
    assert str(line["exception"]).endswith("RuntimeError: [redacted]")


def test_what_is_logged_for_a_while_goes_to_its_stream_and_nothing_is_left_of_it_afterwards():
    before, stream = logging.getLogger().handlers[:], io.StringIO()
    with logs.configured(stream, ["s3cr3t-value"], process="played"):
        logging.getLogger("test").warning("said %s", "s3cr3t-value")
    logging.getLogger("test").warning("said later")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["said [redacted]"]
    assert logging.getLogger().handlers == before
