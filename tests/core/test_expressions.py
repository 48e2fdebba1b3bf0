"""`when`: a sandboxed expression that is true or false, or an error that quotes it."""

from contextlib import suppress
from time import process_time

import pytest

from core.expressions import ExpressionInvalid, evaluate, expand, holds, names_in, pieces

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


@pytest.mark.parametrize(
    "expression",
    [
        "9 ** 9 ** 9",
        "'a' * 1000000000",
        "1000000000 * 'a'",
        "[0] * 1000000000",
        "'%1000000000d' % 1",
        "'a'.ljust(1000000000)",
        "'a'.zfill(1000000000)",
        "'{:>1000000000}'.format(1)",
        "'a'|center(1000000000)",
        "'a'|indent(1000000000)",
        "'%1000000000s'|format(1)",
        "'a'|replace('a', 'aa')",
        "range(1000000000)|list",
        "(" * 400 + "1" + ")" * 400,
        "1 + " * 400 + "1",
        "''.__class__.__mro__",
        "[].append(1)",
        "names.pop()",
        "cycler.__init__",
    ],
)
def test_an_expression_can_neither_grow_nor_take_long_nor_look_around(expression: str) -> None:
    with pytest.raises(ExpressionInvalid):
        evaluate("${{ " + expression + " }}", {"names": ["a"]})


def test_what_an_expression_may_do() -> None:
    values = {"issue": {"labels": ["bug", "help"], "title": "Fix: slugs"}, "limit": 3}
    assert evaluate("${{ issue.title.lower().startswith('fix:') and limit * 2 % 5 == 1 }}", values) is True
    assert evaluate("${{ issue.labels|map('upper')|sort|first }}", values) == "BUG"
    assert evaluate("${{ issue.get('body', '')|length }}", values) == 0


HOSTILE = {
    "a row of filters that double": "'\"'" + " | tojson" * 100,
    "a row of filters that make lists of texts": "'x'" + " | list | string" * 60,
    "many that double a little": "xs" + " | map('tojson')" * 50 + " | list",
    "each with each": "xs | select('in', xs) | list | length",
    "repetition": "'x' * 10**9",
    "a list, repeated": "[0] * 1000000000",
    "a power": "9**9**9**9",
    "a format": "'%999999999d' % 1",
    "a method that formats": "'{:>999999999}'.format(1)",
    "a range": "range(1000000000) | list | length",
    "a padding": "'x'.ljust(1000000000)",
    "a filter that pads": "'x' | center(1000000000)",
    "brackets": "[" * 450 + "1" + "]" * 450,
    "a strip of many by many": "long.strip(long)",
    "a loop": "[x for x in xs]",
    "a class": "''.__class__.__mro__",
    "a joiner": "cycler.__init__.__globals__",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_expression_is_refused_in_a_moment(text: str) -> None:
    values = {"xs": ['"'] * 20_000, "long": "x" * 500_000}
    began = process_time()
    with suppress(ExpressionInvalid):
        names_in(f"${{{{ {text} }}}}")  # as where the file is only read
    with pytest.raises(ExpressionInvalid):
        evaluate(f"${{{{ {text} }}}}", values)
    assert process_time() - began < 5


def test_a_number_of_thousands_of_digits_is_no_text() -> None:
    digits = "${{ " + "*".join(["n"] * 90) + " }}"
    with pytest.raises(ExpressionInvalid, match="cannot be written as text"):
        expand(f"It is {digits}.", {"n": 10**100})


def test_a_common_expression_is_far_from_the_bounds() -> None:
    lines = [{"path": f"src/{number}.py", "size": number} for number in range(5_000)]
    text = "${{ files | selectattr('size', 'gt', 9) | map(attribute='path') | sort | unique | list | length }}"
    assert evaluate(text, {"files": lines}) == 4_990


def test_beginnings_of_expressions_without_an_end_take_no_time():
    text, began = "${{" * 60_000, process_time()
    with pytest.raises(ExpressionInvalid, match="begins an expression that has no end"):
        pieces(text)
    assert expand(f"${{{{ a }}}} {text}", {"a": 1}) == f"1 {text}"
    assert process_time() - began < 2
