"""Which workflow listens to a label or a command, and the commands there are because of it."""

import re
from collections.abc import Mapping

from core.workflow import Workflow
from core.workflow.catalogue import LABELS, Catalogue, Entry
from handlers.verbs import VERBS, Verb
from policies.people import FOR_MAINTAINERS

__all__ = ["LABELS", "by_command", "by_label", "usage", "verbs"]

_VERB = re.compile(r"[a-z][a-z0-9-]{0,39}")


def by_label(workflows: Catalogue | None, label: str) -> Entry | None:
    """The workflow that this label starts, or whose broken file asks for it. GitHub's labels ignore case."""
    if not label.lower().startswith(LABELS):
        return None
    return _first([one for one in _entries(workflows) if (one.label or "").lower() == label.lower()])


def by_command(workflows: Catalogue | None, verb: str) -> Entry | None:
    """The workflow that this command starts, or whose broken file asks for it."""
    return _first([one for one in _entries(workflows) if one.command == verb])


def verbs(workflows: Catalogue | None) -> Mapping[str, Verb]:
    """Every command that can be given here: the bot's own, which no file takes, then those of the workflows."""
    more = {
        one.command: Verb(one.command, "text", usage(one), _what(one), _who(one))
        for one in reversed(_entries(workflows))
        if one.command is not None and one.command not in VERBS and _VERB.fullmatch(one.command)
    }
    return {**VERBS, **dict(sorted(more.items()))}


def usage(entry: Entry) -> str:
    """What to type to start the workflow: `/deploy place=… [times=1]`."""
    verb = f"/{entry.command or entry.name}"
    return verb if entry.workflow is None else f"{verb} {_given(entry.workflow)}".rstrip()


def _given(workflow: Workflow) -> str:
    task = workflow.inputs.get("task")
    if task is not None:
        return "task" if task.default is None else "[task]"
    words = []
    for name, said in workflow.inputs.items():
        shown = str(said.default).lower() if isinstance(said.default, bool) else said.default
        words.append(f"{name}=…" if said.default is None else f"[{name}={shown}]")
    return " ".join(words)


def _who(entry: Entry) -> str:
    """Who may start it, in words: see `policies.people.may_start`."""
    return f"{FOR_MAINTAINERS[entry.name]} role" if entry.name in FOR_MAINTAINERS else "requesters"


def _what(entry: Entry) -> str:
    if entry.workflow is None:
        return f"starts nothing: `{entry.path}` has mistakes"
    return entry.workflow.description or f"starts `{entry.name}`"


def _first(entries: list[Entry]) -> Entry | None:
    """The one that can be started, where a file that cannot be read is only assumed to ask for the same."""
    return next((one for one in entries if one.workflow is not None), entries[0] if entries else None)


def _entries(workflows: Catalogue | None) -> tuple[Entry, ...]:
    return workflows.entries if workflows is not None else ()
