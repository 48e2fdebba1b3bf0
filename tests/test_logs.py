"""A log line is one JSON object, without secrets and without control characters."""

import io
import json
import logging

import pytest
import structlog

from adapters import logs


@pytest.fixture
def lines():
    """What is logged, parsed; logging is as it was afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(["s3cr3t-value", "s3cr3t", "abc"], process="test", stream=stream)

    def read() -> list[dict[str, object]]:
        assert stream.getvalue().isascii()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


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


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("token ghs_" + "a1B2" * 9, "token [redacted]"),
        ("ghs_12345_" + "eyJhbGciOi.J9.abc-" * 30, "[redacted]"),
        ("github_pat_" + "A1_b" * 10, "[redacted]"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl", "[redacted]"),
        ("Authorization: Bearer abcdef.123", "Authorization: Bearer [redacted]"),
        ("authorization: token abcdef", "authorization: [redacted]"),
        ("key sk-ant-api03-abcdefghijklmnop", "key [redacted]"),
        ("git clone https://x-access-token:abc123@github.com/o/r", "git clone https://[redacted]@github.com/o/r"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[redacted]"),
        ("the bearer of news", "the bearer of news"),
        ("https://github.com/o/r:8080/x@y", "https://github.com/o/r:8080/x@y"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(said, shown):
    assert logs.Redactor().text(said) == shown


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
