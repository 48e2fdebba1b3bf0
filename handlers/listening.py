"""Which workflow listens to a label or a command."""

from collections.abc import Mapping

from core.errors import DocumentInvalid
from core.workflow import Workflow, parse

LABELS = "pullwright:"
"""How the labels of workflows begin; every other label is none of our business."""


def by_label(workflows: Mapping[str, str], label: str) -> Workflow | None:
    """The workflow that this label starts. GitHub's labels ignore case."""
    if not label.lower().startswith(LABELS):
        return None
    return next((one for one in _read(workflows) if (one.on.label or "").lower() == label.lower()), None)


def by_command(workflows: Mapping[str, str], verb: str) -> Workflow | None:
    return next((one for one in _read(workflows) if one.on.command == verb), None)


def _read(workflows: Mapping[str, str]) -> list[Workflow]:
    """The workflows that can be read, by name. A broken one listens to nothing."""
    found = []
    for name in sorted(workflows):
        try:
            found.append(parse(workflows[name], f"{name}.yml"))
        except DocumentInvalid:
            continue
    return found
