"""`${{ … }}`: one sandboxed Jinja expression over plain values, for `when`, and never for a command line.

An expression reads what it is given and nothing else: no attributes that begin with an underscore, no undefined names
(they are errors, so that a misspelt name never means "no"). A repository writes it and our process evaluates it, so
whatever could make a small text into a large value is refused: powers, repetition, and every call but a few that
compare or cut.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.errors import BotError

MOST_CHARACTERS = 1_000

CALLS = frozenset({"startswith", "endswith", "lower", "upper", "strip", "split", "get", "keys", "values", "items"})
FILTERS = frozenset(
    {"default", "length", "count", "lower", "upper", "trim", "first", "last", "int", "float", "string", "list"}
    | {"sort", "unique", "groupby", "min", "max", "sum", "select", "reject", "selectattr", "rejectattr", "map"}
    | {"tojson"}
)

_EXPRESSION = re.compile(r"\A\s*\$\{\{((?:(?!\$\{\{|\}\}).)*)\}\}\s*\Z", re.DOTALL)
_PIECE = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)


class _Bounded(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with nothing in it that takes long or grows."""

    intercepted_binops = frozenset({"**", "*", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"`{operator}` is not allowed here")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A member of a mapping comes before a method that is called like it: `steps.each.items` is what was handed
        over."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

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


def expand(value: Any, values: Mapping[str, Any]) -> Any:
    """A value of a workflow: what a text that is one expression stands for; any other text with each `${{ … }}` in it
    replaced by its value, as text. The result is never run, and never evaluated again.
    """
    if not isinstance(value, str):
        return value
    if _EXPRESSION.match(value):
        return evaluate(value, values)
    return _PIECE.sub(lambda piece: as_text(evaluate(piece[0], values)), value)


def as_text(value: Any) -> str:
    """A value in a text or in an environment variable: JSON where it is not text already."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def pieces(text: str) -> list[str]:
    """Every `${{ … }}` of a text. Raises ExpressionInvalid where one has no end."""
    found = _PIECE.findall(text)
    if "${{" in _PIECE.sub("", text):
        raise ExpressionInvalid(f"`{text[:60]}` begins an expression that has no end: write it as `${{{{ … }}}}`.")
    return found


def names_in(text: str) -> list[tuple[str, str | None]]:
    """What an expression names: the word it begins with and the member of it (`steps`, `plan`), in no order.

    Raises ExpressionInvalid where the text cannot be read, or uses a filter that there is not.
    """
    found = _EXPRESSION.match(text)
    if not found:
        raise ExpressionInvalid(f"`{text[:60]}` is not an expression: write it as `${{{{ … }}}}`.")
    source = f"{{{{ {found[1]} }}}}"
    try:
        tree = _ENVIRONMENT.parse(source)
        _ENVIRONMENT.compile(source)
    except (TemplateError, RecursionError) as error:
        raise ExpressionInvalid(f"`{text[:60]}`: {str(error).rstrip('.')}.") from error
    roots = {(name, None) for name in find_undeclared_variables(tree)}
    return sorted({*roots, *_members(tree, {name for name, _ in roots})}, key=str)


def _members(tree: nodes.Node, roots: set[str]) -> Iterator[tuple[str, str | None]]:
    for dotted in tree.find_all(nodes.Getattr):
        if isinstance(dotted.node, nodes.Name) and dotted.node.name in roots:
            yield dotted.node.name, dotted.attr
    for looked_up in tree.find_all(nodes.Getitem):
        name, key = looked_up.node, looked_up.arg
        if isinstance(name, nodes.Name) and name.name in roots and isinstance(key, nodes.Const):
            yield name.name, str(key.value)


def holds(text: str | None, values: Mapping[str, Any]) -> bool:
    """Whether a `when` lets its step run; without one it does. Anything but true or false is an error."""
    if text is None:
        return True
    value = evaluate(text, values)
    if not isinstance(value, bool):
        raise ExpressionInvalid(f"`{text}` is neither true nor false.")
    return value
