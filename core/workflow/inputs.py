"""What a workflow or a composite step is given: parameters with a type, and whether a written value fits them."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import model_validator

from core.errors import BotError
from core.names import Plain, Value

_KINDS = {str: "string", int: "number", float: "number", bool: "boolean"}


class Input(Value):
    """A parameter. Without a default it must be given."""

    type: Literal["string", "number", "boolean"] = "string"
    description: str = ""
    default: str | int | float | bool | None = None

    @model_validator(mode="after")
    def _default_fits(self) -> "Input":
        if self.default is not None and not fits(self, self.default):
            raise ValueError(f"the default is not a {self.type}")
        return self


def fits(said: Input, value: Any) -> bool:
    """Whether the value is of the input's type. Nothing is converted: text from outside is never read as a number."""
    return _KINDS.get(type(value)) == said.type


class InputUnfit(BotError):
    """A value that only the run knows is not of the type that an input has."""

    code = "input-unfit"

    def remedy(self) -> str:
        return "Correct what the step is given under `with` in the workflow file, or the type of the input."


def taken(whose: str, inputs: Mapping[str, Input], given: Mapping[str, Any]) -> dict[str, Plain]:
    """The inputs with these values, and with the defaults of the others. Raises InputUnfit."""
    found: dict[str, Plain] = {name: said.default for name, said in inputs.items() if said.default is not None}
    for name, value in given.items():
        if not fits(inputs[name], value):
            kind = _KINDS.get(type(value), "value of another kind")
            raise InputUnfit(f"`{whose}` takes a {inputs[name].type} as `{name}`, and was given a {kind}.")
        found[name] = value
    return found


def misfits(whose: str, inputs: Mapping[str, Input], given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """What is wrong with these values for the inputs of `whose`: by name, or by None where one is missing.

    The type of what an expression stands for is known only when it is evaluated.
    """
    for name, value in given.items():
        said = inputs.get(name)
        if said is None:
            near = difflib.get_close_matches(name, inputs, n=1)
            yield name, f"`{whose}` has no input `{name}`" + (f"; did you mean `{near[0]}`?" if near else "")
        elif not fits(said, value) and not (isinstance(value, str) and "${{" in value):
            yield name, f"`{whose}` takes a {said.type} as `{name}`"
    for name, said in inputs.items():
        if said.default is None and name not in given:
            yield None, f"`{whose}` must be given `{name}`: put it under `with`"
