"""`when`: a sandboxed expression that is true or false, or an error that quotes it."""

import pytest

from core.expressions import ExpressionInvalid, evaluate, holds

VALUES = {"policy": {"merge": "bot"}, "inputs": {"task": "x"}}


def test_an_expression_reads_what_it_is_given() -> None:
    assert evaluate("${{ policy.merge }}", VALUES) == "bot"
    assert holds("${{ policy.merge == 'bot' and inputs.task }}", VALUES | {"inputs": {"task": True}})
    assert not holds("${{ policy.merge == 'person' }}", VALUES)


def test_without_a_condition_a_step_runs() -> None:
    assert holds(None, {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("policy.merge == 'bot'", "is not an expression: write it as `${{ … }}`."),
        ("${{ policy.merge }}", "is neither true nor false."),
        ("${{ polcy.merge == 'bot' }}", "'polcy' is undefined"),
        ("${{ policy.merge == }}", "`${{ policy.merge == }}`: "),
        ("${{ 1 / 0 == 1 }}", "division by zero"),
    ],
)
def test_what_is_neither_true_nor_false_is_an_error_that_quotes_it(text: str, why: str) -> None:
    with pytest.raises(ExpressionInvalid) as caught:
        holds(text, VALUES)
    assert text in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "text", ["${{ ''.__class__.__mro__ }}", "${{ policy.update({'merge': 'x'}) }}", "${{ range(9) }}"]
)
def test_nothing_is_reached_and_nothing_is_changed(text: str) -> None:
    values = {"policy": {"merge": "bot"}}
    with pytest.raises(ExpressionInvalid):
        holds(text, values)
    assert values == {"policy": {"merge": "bot"}}
