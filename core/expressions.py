"""`${{ … }}`: one sandboxed Jinja expression over plain values, for `when`, and never for a command line.

An expression reads what it is given and nothing else: no attributes that begin with an underscore, no undefined names
(they are errors, so that a misspelt name never means "no"). A repository writes it and our process evaluates it, so
whatever could make a small text into a large value is refused: powers, repetition, and every call but a few that
compare or cut. What filters make is counted, since each of a row may make its text longer (`x | tojson | tojson …`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.errors import BotError

MOST_CHARACTERS = 1_000
MOST_MADE = 4_000_000
"""Characters and entries that the filters of one evaluation may make, all together."""
MOST_GIVEN = 1_000
"""Characters in all that a call may be given: `strip` looks for each character of one text in the other."""

CALLS = frozenset({"startswith", "endswith", "lower", "upper", "strip", "split", "get", "keys", "values", "items"})
FILTERS = frozenset(
    {"default", "length", "count", "lower", "upper", "trim", "first", "last", "int", "float", "string", "list"}
    | {"sort", "unique", "groupby", "min", "max", "sum", "select", "reject", "selectattr", "rejectattr", "map"}
    | {"tojson"}
)

TESTS = frozenset(
    {"defined", "undefined", "none", "boolean", "true", "false", "string", "number", "integer", "float", "mapping"}
    | {"sequence", "iterable", "odd", "even", "divisibleby", "eq", "equalto", "ne", "lt", "le", "gt", "ge"}
    | {"lower", "upper"}
)
"""Not `in`: with a list on both sides it compares each entry with each."""

_EXPRESSION = re.compile(r"\A\s*\$\{\{((?:(?!\$\{\{|\}\}).)*)\}\}\s*\Z", re.DOTALL)
_PIECE = re.compile(r"\$\{\{.*?(?:\}\}|\Z)", re.DOTALL)
"""Without an end it is all that follows: that nothing ends it is found out once, however often one begins."""


class _Bounded(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with nothing in it that takes long or grows."""

    intercepted_binops = frozenset({"**", "*", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"`{operator}` is not allowed here")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if sum(len(one) for one in (*args, *kwargs.values()) if isinstance(one, Sized)) > MOST_GIVEN:
            raise SecurityError(f"a call is given more than {MOST_GIVEN:,} characters")
        return super().call(context, obj, *args, **kwargs)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A member of a mapping comes before a method that is called like it: `steps.each.items` is what was handed
        over."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_callable(self, obj: Any) -> bool:
        return getattr(obj, "__name__", "") in CALLS and super().is_safe_callable(obj)


class _Purse:
    """What an evaluation may still make."""

    def __init__(self) -> None:
        self.left = MOST_MADE

    def pay(self, made: Any) -> None:
        self.left -= len(made) if isinstance(made, Sized) else 1
        if self.left < 0:
            raise SecurityError(f"it makes more than {MOST_MADE:,} characters")


_PURSE: ContextVar[_Purse | None] = ContextVar("purse", default=None)


@contextmanager
def bounded() -> Iterator[None]:
    """What is evaluated within is bounded as one evaluation is: all of it together."""
    if _PURSE.get() is not None:
        yield
        return
    token = _PURSE.set(_Purse())
    try:
        yield
    finally:
        _PURSE.reset(token)


def _counted(made: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, paying for what it makes.

    It asks for the context, whatever the filter itself asks for: Jinja evaluates a filter of constants while it
    compiles, where a file is only read, but none that does.
    """
    wanted: str | None = getattr(getattr(made, "jinja_pass_arg", None), "name", None)

    @pass_context
    def paying(context: Context, *args: Any, **kwargs: Any) -> Any:
        given = {"context": context, "environment": context.environment, "eval_context": context.eval_ctx}
        value = made(*args, **kwargs) if wanted is None else made(given[wanted], *args, **kwargs)
        if (purse := _PURSE.get()) is not None:
            purse.pay(value)
        return value

    return paying


def _environment() -> _Bounded:
    environment = _Bounded(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters = {name: _counted(made) for name, made in environment.filters.items() if name in FILTERS}
    environment.tests = {name: test for name, test in environment.tests.items() if name in TESTS}
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Callable[..., Any]:
    """An undefined result would become None, and None would mean "no"."""
    return _ENVIRONMENT.compile_expression(expression, undefined_to_none=False)


_UNUSABLE = (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError, SyntaxError, MemoryError)
"""Too many brackets within each other are a SyntaxError or a MemoryError of Python's own parser."""


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
        with bounded():
            value = _compiled(found[1])(**values)
    except _UNUSABLE as error:
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
    return _PIECE.sub(lambda piece: as_text(evaluate(piece[0], values)) if _ends(piece[0]) else piece[0], value)


def as_text(value: Any) -> str:
    """A value in a text or in an environment variable: JSON where it is not text already."""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists within lists
        raise ExpressionInvalid(f"A value cannot be written as text: {error}.") from error


def pieces(text: str) -> list[str]:
    """Every `${{ … }}` of a text. Raises ExpressionInvalid where one has no end."""
    found = _PIECE.findall(text)
    if found and not _ends(found[-1]):
        raise ExpressionInvalid(f"`{text[:60]}` begins an expression that has no end: write it as `${{{{ … }}}}`.")
    return found


def _ends(piece: str) -> bool:
    return piece.endswith("}}")


def names_in(text: str) -> list[tuple[str, str | None]]:
    """What an expression names: the word it begins with and the member of it (`steps`, `plan`), in no order.

    Raises ExpressionInvalid where the text cannot be read, or uses a filter that there is not.
    """
    found = _EXPRESSION.match(text)
    if not found:
        raise ExpressionInvalid(f"`{text[:60]}` is not an expression: write it as `${{{{ … }}}}`.")
    if len(text) > MOST_CHARACTERS:
        raise ExpressionInvalid(f"`{text[:40]}…` is longer than {MOST_CHARACTERS:,} characters.")
    try:
        tree = _ENVIRONMENT.parse(f"{{{{ {found[1]} }}}}")
        _compiled(found[1])
    except _UNUSABLE as error:
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
