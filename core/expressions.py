"""`${{ … }}`: one sandboxed Jinja expression over plain values, for `when`, and never for a command line.

An expression reads what it is given and nothing else: no attributes that begin with an underscore, no calls of
methods that change anything, no undefined names (they are errors, so that a misspelt name never means "no").
"""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.errors import BotError

_EXPRESSION = re.compile(r"\A\s*\$\{\{(.*)\}\}\s*\Z", re.DOTALL)
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
_ENVIRONMENT.globals.clear()


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
    try:
        # An undefined result would become None, and None would mean "no".
        return _ENVIRONMENT.compile_expression(found[1], undefined_to_none=False)(**values)
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise ExpressionInvalid(f"`{text}`: {error}.") from error


def holds(text: str | None, values: Mapping[str, Any]) -> bool:
    """Whether a `when` lets its step run; without one it does. Anything but true or false is an error."""
    if text is None:
        return True
    value = evaluate(text, values)
    if not isinstance(value, bool):
        raise ExpressionInvalid(f"`{text}` is neither true nor false.")
    return value
