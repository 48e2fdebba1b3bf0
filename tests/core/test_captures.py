"""What a command printed, read as the kind of value that its step asks for; whatever it printed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.captures import CaptureFailed, captured
from core.workflow import Capture


def _capture(**said: Any) -> Capture:
    return Capture.model_validate(said)


@pytest.mark.parametrize(
    ("said", "output", "value"),
    [
        ({}, "  two words \n", "two words"),
        ({"format": "lines"}, "a\n\n b\r\nc\n", ["a", " b", "c"]),
        ({"format": "json"}, '{"score": 7, "gaps": []}\n', {"score": 7, "gaps": []}),
        ({"format": "number"}, " 12.5\n", 12.5),
        ({"format": "number"}, "12", 12),
        ({"format": "boolean"}, "Yes\n", True),
        ({"format": "boolean"}, "0", False),
        ({"from": "exit_code"}, "anything", 3),
        ({"format": "json", "default": []}, "no JSON at all", []),
        ({"format": "number", "default": None}, "", None),
    ],
)
def test_an_output_is_read_as_what_the_step_asks_for(said: dict[str, Any], output: str, value: Any) -> None:
    assert captured(_capture(**said), output, 3) == value


@pytest.mark.parametrize(
    ("said", "output", "why"),
    [
        ({"format": "json"}, "{", "The output cannot be captured as json: Expecting property name"),
        ({"format": "json"}, "NaN", "The output cannot be captured as json: NaN is no JSON value."),
        ({"format": "json"}, "[" * 60_000, "The output cannot be captured as json: it is nested too deeply."),
        ({"format": "number"}, "true", "The output cannot be captured as number: it is not one number."),
        ({"format": "boolean"}, "maybe", "The output cannot be captured as boolean: it is neither true nor false."),
        ({"max_bytes": 3}, "ä1ö", "The output cannot be captured as text: it has 5 bytes, and 3 are allowed."),
    ],
)
def test_what_cannot_be_read_fails_the_step_where_there_is_no_default(
    said: dict[str, Any], output: str, why: str
) -> None:
    with pytest.raises(CaptureFailed) as failed:
        captured(_capture(**said), output, 0)
    assert str(failed.value).startswith(why)


@given(st.text(), st.sampled_from(["text", "lines", "json", "number", "boolean"]))
def test_whatever_is_printed_it_is_a_value_or_a_failed_capture(output: str, kind: str) -> None:
    try:
        captured(_capture(format=kind), output, 0)
    except CaptureFailed as error:
        why = str(error)
    else:
        why = "The output cannot be captured as a value: it was."
    assert why.startswith("The output cannot be captured as ")
