"""`${{ … }}`: one sandboxed Jinja expression over plain values, for `when`, and never for a command line.

An expression reads what it is given and nothing else: no attributes that begin with an underscore, no undefined names
(they are errors, so that a misspelt name never means "no"). A repository writes it and our process evaluates it, so
whatever could make a small text into a large value is refused: powers, repetition, and every call but a few that
compare or cut.
"""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.errors import BotError

MOST_CHARACTERS = 1_000

CALLS = frozenset({"startswith", "endswith", "lower", "upper", "strip", "split", "get", "keys", "values", "items"})
FILTERS = frozenset(
    {"default", "length", "count", "lower", "upper", "trim", "first", "last", "int", "float", "string", "list"}
    | {"sort", "unique", "min", "max", "sum", "select", "reject", "selectattr", "rejectattr", "map", "tojson"}
)

_EXPRESSION = re.compile(r"\A\s*\$\{\{(.*)\}\}\s*\Z", re.DOTALL)


class _Bounded(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with nothing in it that takes long or grows."""

    intercepted_binops = frozenset({"**", "*", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"`{operator}` is not allowed here")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        return getattr(obj, "__name__", "") in CALLS and super().is_safe_callable(obj)


def _environment() -> _Bounded:
    environment = _Bounded(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters = {name: made for name, made in environment.filters.items() if name in FILTERS}
    return environment


_ENVIRONMENT = _environment()


class ExpressionInvalid(BotError):
    """An expression of a workflow cannot be read, or names something that does not exist."""

    code = "expression-invalid"

    def remedy(self) -> str:
        return "Correct the expression in the workflow file."


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """The value of `${{ … }}`. Raises ExpressionInvalid with the expression in its sentence."""
    found = _EXPRESSION.match(text)
    if not found:
        raise ExpressionInvalid(f"`{text}` is not an expression: write it as `${{{{ … }}}}`.")
    if len(text) > MOST_CHARACTERS:
        raise ExpressionInvalid(f"`{text[:40]}…` is longer than {MOST_CHARACTERS:,} characters.")
    try:
        # An undefined result would become None, and None would mean "no".
        value = _ENVIRONMENT.compile_expression(found[1], undefined_to_none=False)(**values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ExpressionInvalid(f"`{text}`: {error}.") from error
    if isinstance(value, Undefined):
        raise ExpressionInvalid(f"`{text}` names something that does not exist.")
    return value


def holds(text: str | None, values: Mapping[str, Any]) -> bool:
    """Whether a `when` lets its step run; without one it does. Anything but true or false is an error."""
    if text is None:
        return True
    value = evaluate(text, values)
    if not isinstance(value, bool):
        raise ExpressionInvalid(f"`{text}` is neither true nor false.")
    return value
