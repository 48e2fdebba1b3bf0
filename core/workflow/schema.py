"""The workflow language as a JSON Schema, for editors: what may stand where, with the words of this package.

Made from the models that read a file, so it cannot say anything else. What only `parse()` can tell, such as whether a
name stands for a step, it does not know.
"""

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from core.workflow import file, inputs, steps, triggers
from core.workflow.file import Extension, Workflow
from core.workflow.steps import BELONGS, KINDS, SPELLED

ID = "urn:pullwright:workflow"
DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that the YAML language server knows best."""


def schema() -> dict[str, Any]:
    """The schema as a JSON value. It refuses no file that `parse()` takes, but for numbers that stand in quotes."""
    made, extension = _made(Workflow), _made(Extension)
    definitions = {**extension.pop("$defs"), **made.pop("$defs"), "Workflow": made, "Extension": extension}
    words = _docstrings()
    for name, one in definitions.items():
        _describe(one, words.get(name, {}))
        if name in _MORE:
            definitions[name] = _MORE[name](one)
    either = {key: {"$ref": f"#/definitions/{name}"} for key, name in (("then", "Extension"), ("else", "Workflow"))}
    return {
        "$schema": DIALECT,
        "$id": ID,
        "description": made["description"],
        "type": "object",
        "if": {"required": ["extends"]},
        **either,
        "definitions": definitions,
    }


def of_composites() -> dict[str, Any]:
    """The same for the file of a composite step."""
    one = schema()
    chosen = one["definitions"]["Composite"]
    return {"$schema": DIALECT, "$id": f"{ID}:step", **chosen, "definitions": one["definitions"]}


def _made(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(
        by_alias=True, ref_template="#/definitions/{model}", schema_generator=_Generator, mode="validation"
    )


class _Generator(GenerateJsonSchema):
    """pydantic's, without titles made of names, and without a null that nobody writes."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def get_title_from_name(self, name: str) -> str:
        return ""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if not made.get("default") or isinstance(made["default"], dict):
            made.pop("default", None)
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made


def _describe(model: dict[str, Any], words: dict[str, str]) -> None:
    """Put what is said of each field beside it, and take empty titles away."""
    for name, said in model.get("properties", {}).items():
        if not said.get("title"):
            said.pop("title", None)
        if (text := words.get(name)) is not None:
            # Beside a reference nothing else counts in this dialect.
            if "$ref" in said:
                said["allOf"] = [{"$ref": said.pop("$ref")}]
            said["description"] = text
    model.pop("title", None)


@cache
def _docstrings() -> dict[str, dict[str, str]]:
    """What the source says below each field, by model and by the field's name in a file."""
    return {name: words for module in (file, inputs, steps, triggers) for name, words in _of_module(module)}


def _of_module(module: ModuleType) -> Iterator[tuple[str, dict[str, str]]]:
    for node in ast.parse(inspect.getsource(module)).body:
        model = getattr(module, node.name, None) if isinstance(node, ast.ClassDef) else None
        if isinstance(node, ast.ClassDef) and isinstance(model, type) and issubclass(model, BaseModel):
            aliases = {name: field.alias or name for name, field in model.model_fields.items()}
            yield node.name, {aliases[name]: text for name, text in _below(node) if name in aliases}


def _below(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for said, text in zip(node.body, node.body[1:], strict=False):
        match said, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as words)):
                yield name, inspect.cleandoc(words)


def _step(made: dict[str, Any]) -> dict[str, Any]:
    """Exactly one kind, and no key that means nothing to it."""
    belongs = {SPELLED.get(key, key): kinds for key, kinds in BELONGS.items()}
    return {
        **made,
        "oneOf": [{"required": [kind]} for kind in KINDS],
        "dependencies": {key: {"anyOf": [{"required": [kind]} for kind in kinds]} for key, kinds in belongs.items()},
    }


def _agent(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "oneOf": [{"required": ["prompt"]}, {"required": ["task"]}]}


def _change(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "minProperties": 1}


def _or_short(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A model that may be written as the value of one of its keys alone."""

    def either(made: dict[str, Any]) -> dict[str, Any]:
        short = {name: value for name, value in made["properties"][key].items() if name != "description"}
        return {"description": made.pop("description", ""), "anyOf": [short, made]}

    return either


def _wait(made: dict[str, Any]) -> dict[str, Any]:
    """For one thing; the keys beside `checks` mean nothing to a time."""
    belongs = {key: ["checks"] for key in ("on", "names", "timeout")}
    alone = [{"required": [kind]} for kind in ("time", "checks")]
    return _or_short("time")({**made, "oneOf": alone, "dependencies": belongs})


_MORE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Step": _step,
    "Placed": _step,
    "Agent": _agent,
    "Change": _change,
    "Run": _or_short("script"),
    "Wait": _wait,
}
"""What the models' own checks say beyond their fields."""
