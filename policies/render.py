"""One decision, several renderings: Markdown for GitHub, plain text for terminals, JSON for programs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from policies.result import Fact, Result, Status
from policies.words import code as inline
from policies.words import printable

SIGN: Mapping[Status, str] = MappingProxyType(
    {
        Status.approved: "✅",
        Status.pending: "⏳",
        Status.denied: "❌",
        Status.error: "⚠️",
        Status.skipped: "➖",
    }
)
_VALUES = 20
"""Values of a fact that are shown before the rest is only counted."""


def markdown(result: Result, *, depth: int = 0) -> str:
    """A nested list. Values are shown as code, so that nothing in them is read as Markdown."""
    pad = "  " * depth
    lines = [f"{pad}- {SIGN[result.status]} **{result.name}**: {result.why}"]
    lines += [f"{pad}  - {fact.phrase}: {_values(fact, code=True)}" for fact in result.facts if fact.values]
    lines += [markdown(child, depth=depth + 1) for child in result.children]
    return "\n".join(lines)


def plain(result: Result, *, depth: int = 0) -> str:
    """An indented tree for a terminal, without colours."""
    pad = "  " * depth
    lines = [f"{pad}{result.status.value:<8} {result.name}: {result.why}"]
    lines += [f"{pad}         {fact.phrase}: {_values(fact, code=False)}" for fact in result.facts if fact.values]
    lines += [plain(child, depth=depth + 1) for child in result.children]
    return "\n".join(lines)


def of_json(said: Mapping[str, Any]) -> Result:
    """The result that `as_json` wrote down."""
    return Result(
        name=said["name"],
        status=Status(said["status"]),
        why=said["why"],
        facts=tuple(Fact(one["phrase"], tuple(one["values"])) for one in said["facts"]),
        children=tuple(of_json(child) for child in said["children"]),
        remedy=said["remedy"],
    )


def as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "status": result.status.value,
        "why": result.why,
        "remedy": result.remedy,
        "facts": [{"phrase": fact.phrase, "values": list(fact.values)} for fact in result.facts],
        "children": [as_json(child) for child in result.children],
    }


def _values(fact: Fact, *, code: bool) -> str:
    show = inline if code else printable
    shown = ", ".join(show(value) for value in fact.values[:_VALUES])
    return shown if len(fact.values) <= _VALUES else f"{shown} and {len(fact.values) - _VALUES} more"
