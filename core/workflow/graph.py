"""A workflow as a graph: what starts it, its steps in their order, and what is done when one fails.

`graph()` says what is in it, `mermaid()` writes it down; `core.workflow.drawing` draws it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.workflow.file import Workflow
from core.workflow.in_words import in_words, once_more
from core.workflow.steps import Agent, Ask, Change, Composite, Gate, Merge, Ready, Ship, Step, Wait


class Family(StrEnum):
    """Who is at work in a step."""

    model = "model"
    command = "command"
    people = "people"
    github = "github"


@dataclass(frozen=True, slots=True)
class Node:
    """One step. Its texts are the file's own words, of any length."""

    id: str
    title: str
    words: str
    family: Family
    when: str | None
    again: tuple[str, ...]
    """Why it may be done more than once."""
    goes_on: bool
    """Whether the run goes on without it where it fails."""
    mending: tuple["Node", ...]
    """What is done when it failed, before it is tried once more."""
    each: tuple["Node", ...] = ()
    """What is done for each item of its list."""
    within: tuple["Node", ...] = ()
    """What it is made of."""

    @property
    def aside(self) -> tuple["Node", ...]:
        """What is drawn beside it; no step has two of these."""
        return self.mending or self.each or self.within

    @property
    def there_and_back(self) -> tuple[str, str]:
        """What leads to that, and back."""
        if self.within:
            return ("its steps", "done")
        return ("each item", "merged") if self.each else ("failed", "once more")


@dataclass(frozen=True, slots=True)
class Graph:
    name: str
    starts: tuple[str, ...]
    """The command and the label that start it, as people type them, and what starts it by itself; often empty."""
    nodes: tuple[Node, ...]


def graph(workflow: Workflow) -> Graph:
    command, label = workflow.on.command, workflow.on.label
    starts = (*((f"/{command}",) if command else ()), *((label,) if label else ()), *workflow.on.by_itself)
    return Graph(workflow.name, starts, tuple(_node(step) for step in workflow.steps))


def mermaid(workflow: Workflow) -> str:
    """A flowchart in Mermaid, as GitHub shows it in a ```mermaid block.

    https://mermaid.js.org/syntax/flowchart.html
    """
    drawn = graph(workflow)
    lines = ["flowchart TD", f"  start([{_quoted(' or '.join(drawn.starts) or drawn.name)}])"]
    before = "start"
    for number, node in enumerate(drawn.nodes, start=1):
        lines += _mermaid_node(node, f"s{number}", before)
        before = f"s{number}"
    lines += ["  finish([done])", f"  {before} --> finish"]
    return "\n".join(lines) + "\n"


def _node(step: Step) -> Node:
    return Node(
        id=step.id,
        title=" ".join((step.name or step.id).split()),
        words=in_words(step),
        family=_family(step),
        when=_condition(step.when),
        again=once_more(step),
        goes_on=step.continue_on_error,
        mending=tuple(_node(one) for one in step.on_failure),
        each=tuple(_node(one) for one in (step.foreach.steps if step.foreach is not None else ())),
        within=tuple(_node(one) for one in (step.uses.steps if isinstance(step.uses, Composite) else ())),
    )


def _family(step: Step) -> Family:
    if isinstance(step.action, str | Agent):
        return Family.model
    if isinstance(step.action, Gate | Ask | Wait):
        return Family.people
    if isinstance(step.action, Change | Ship | Ready | Merge):
        return Family.github
    return Family.command


def _condition(when: str | None) -> str | None:
    return " ".join(when.strip().removeprefix("${{").removesuffix("}}").split()) if when is not None else None


def _mermaid_node(node: Node, key: str, before: str) -> Iterator[str]:
    text = [node.title, node.words, *((f"when {node.when}",) if node.when else ())]
    opening, closing = ("{{", "}}") if node.family is Family.people else ("[", "]")
    yield f"  {key}{opening}{_quoted(*text)}{closing}"
    yield f"  {before} --> {key}"
    for why in node.again:
        yield f"  {key} -->|{_quoted(why)}| {key}"
    last = key
    there, back = node.there_and_back
    for number, one in enumerate(node.aside, start=1):
        inner = f"{key}f{number}"
        arrow = f'-.->|"{there if last == key else "then"}"|'
        mended = list(_mermaid_node(one, inner, last))
        yield mended[0]
        yield f"  {last} {arrow} {inner}"
        yield from mended[2:]
        last = inner
    if last != key:
        yield f'  {last} -.->|"{back}"| {key}'


def _quoted(*lines: str) -> str:
    """Text of a node or an edge. Whatever could end it, or be taken for HTML or Markdown, is a character code."""
    shown = ["".join(char for char in line if char.isprintable()) for line in lines]
    safe = [re.sub(r'[#&;"<>`]', lambda found: f"#{ord(found[0])};", line) for line in shown]
    return f'"{"<br/>".join(safe)}"'
