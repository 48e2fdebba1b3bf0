"""What a workflow's steps take from one another: every name must stand for something that is there by then.

Looked at in the file as it stands, before and beside its models, so that a file with mistakes of both kinds gets all
of them at once.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from core.documents import Path
from core.expressions import ExpressionInvalid, names_in, pieces
from core.workflow.steps import FormName, Handed
from core.workflow.triggers import THREADLESS
from core.workflow.within import misplaced

PLACES = ("inputs", "policy", "subject", "steps", "error")
"""What an expression may begin with. `error` is there in `on_failure` alone."""

OF_AN_ITEM = ("item", "index")
"""What it may begin with beside these within a `foreach`."""

MOST_EXPRESSIONS = 500
"""Expressions of one file that are looked at, as each has to be compiled; a long one counts once for each
`LONG_CHARACTERS`."""
LONG_CHARACTERS = 100

MOST_LISTS = 3
"""Lists within one another, the outermost included: each multiplies the runs that there are."""

OF_COMPOSITES = ("inputs", "steps", "error")
"""The same within a composite step: whatever else it is to know, it is given."""

_WORDED = (
    ("ask", "question"),
    ("write", "content"),
    ("github", "comment"),
    ("ship", "title"),
    ("ship", "summary"),
)
"""Texts in which expressions may stand."""

_NEEDS: Mapping[str, tuple[tuple[Handed, str], ...]] = {
    "gate.plan": (("Plan", "an `agent` with `output: Plan`"),),
    "gate.change": (("Shipment", "a `ship`"),),
    "prompt.review": (("ChangeSummary", "an `agent` that changes the tree"),),
    "github.review": (("Opinion", "an `agent` with `output: Opinion`"),),
    "ship": (("ChangeSummary", "a `title`, or an `agent` that changes the tree"),),
    "ready": (("Shipment", "a `ship`"),),
    "merge": (("Shipment", "a `ship`"),),
    "wait.checks": (("Shipment", "a `ship`"),),
}
"""What a step of a built-in kind takes from the steps before it, and what hands that over."""


def name_of(identity: str) -> str:
    """How a step or an input is named in an expression, where a hyphen would subtract."""
    return identity.replace("-", "_")


def references(value: Any) -> list[tuple[Path, str]]:
    """Every mistake, by the path of the value that it is about. Values of other shapes are left to the models."""
    if not isinstance(value, Mapping):
        return []
    inputs = value.get("inputs")
    look = _Look(
        frozenset(name_of(str(name)) for name in inputs) if isinstance(inputs, Mapping) else frozenset(),
        on_pulls=isinstance(on := value.get("on"), Mapping) and _on_pulls(on),
    )
    look.steps(value.get("steps"), ("steps",))
    look.outputs(value.get("outputs"), ("outputs",))
    return [*look.found, *_ways_back(value.get("steps"))]


def _ways_back(steps: Any) -> Iterator[tuple[Path, str]]:
    """What a gate that sends the run back cannot do: go forward, or over what is done once."""
    listed = steps if isinstance(steps, Sequence) and not isinstance(steps, str) else ()
    ids: list[str | None] = [step.get("id") if isinstance(step, Mapping) else None for step in listed]
    for index, step in enumerate(listed):
        gate = step.get("gate") if isinstance(step, Mapping) else None
        back = gate.get("revise") if isinstance(gate, Mapping) else None
        if not isinstance(back, str):
            continue
        path: Path = ("steps", index, "gate", "revise")
        if back not in ids[:index]:
            yield path, f"there is no step `{back}` before this one{meant(back, filter(None, ids[:index]))}"
            continue
        for between in listed[ids.index(back) : index]:
            said = between if isinstance(between, Mapping) else {}
            once = next((kind for kind in ("foreach", "workflow") if said.get(kind) is not None), None)
            if once is not None:
                yield path, f"the step `{said.get('id')}` lies on the way back, and a `{once}` is done once"
            elif isinstance(other := said.get("gate"), Mapping) and other.get("revise") is not None:
                yield path, f"the gate `{said.get('id')}` lies on the way back, and has a `revise` of its own"


def _on_pulls(on: Mapping[str, Any]) -> bool:
    """Whether each of its runs is about a pull request."""
    alone = "pull_request" in on and not {"command", "label", "issues", *THREADLESS} & set(on)
    return alone or on.get("subject") == "pull_request"


def composite_references(value: Any) -> list[tuple[Path, str]]:
    """Every mistake in a composite step by itself. What it takes from the steps before it is told where it is used."""
    if not isinstance(value, Mapping):
        return []
    look = _Look(frozenset(), handed=set(get_args(Handed)))
    look.composite(value, ())
    return look.found


@dataclass(slots=True)
class _Left:
    """How many expressions may still be looked at, in a file with the composite steps in it."""

    expressions: int = MOST_EXPRESSIONS
    told: bool = False


class _Look:
    """One pass over a file, in the order in which its steps are done."""

    def __init__(
        self,
        inputs: frozenset[str],
        *,
        on_pulls: bool = False,
        handed: set[Handed] | None = None,
        left: _Left | None = None,
    ) -> None:
        self.found: list[tuple[Path, str]] = []
        self._inputs = inputs
        self._given: frozenset[str] = frozenset({"prompt.review"} if on_pulls else ())
        """Kinds of steps that need nothing before them: a pull request is a change that can be reviewed."""
        self._ids: set[str] = set()
        self._names: set[str] = set()
        self._handed: set[Handed] = set() if handed is None else handed
        self._failing = False
        self._each = 0
        """How many lists are around the step."""
        self._composite = False
        self._left = left or _Left()

    def steps(self, value: Any, path: Path) -> None:
        if not isinstance(value, Sequence) or isinstance(value, str):
            return
        for index, step in enumerate(value):
            if isinstance(step, Mapping):
                self._step(step, (*path, index))

    def outputs(self, value: Any, path: Path) -> None:
        for name, text in value.items() if isinstance(value, Mapping) else ():
            self.expression(text, (*path, name))

    def composite(self, value: Mapping[str, Any], path: Path) -> None:
        """A composite step: it knows its inputs and its own steps alone, and goes on from what was handed over."""
        inputs = value.get("inputs")
        within = _Look(
            frozenset(name_of(str(name)) for name in inputs) if isinstance(inputs, Mapping) else frozenset(),
            handed=self._handed,
            left=self._left,
        )
        within._given, within._composite = self._given, True
        within.steps(value.get("steps"), (*path, "steps"))
        within.outputs(value.get("outputs"), (*path, "outputs"))
        self.found += within.found

    def expression(self, value: Any, path: Path) -> None:
        """The names in every `${{ … }}` of a text."""
        if not isinstance(value, str):
            return
        try:
            found = [names_in(piece) for piece in self._few(pieces(value), path)]
        except ExpressionInvalid as error:
            self.found.append((path, str(error)))
            return
        for names in found:
            self.found += [(path, problem) for problem in self._unknown(names)]

    def _few(self, listed: Sequence[str], path: Path) -> Sequence[str]:
        """These expressions; none where the file holds too many with them, which is told once."""
        self._left.expressions -= sum(1 + len(one) // LONG_CHARACTERS for one in listed)
        if not listed or self._left.expressions >= 0:
            return listed
        if not self._left.told:
            self._left.told = True
            self.found.append((path, f"the file holds more than {MOST_EXPRESSIONS} expressions, or very long ones"))
        return ()

    def _step(self, step: Mapping[str, Any], path: Path) -> None:
        for place, text in _expressions(step):
            self.expression(text, (*path, *place))
        self._literal(step, path)
        self._foreach(step.get("foreach"), (*path, "foreach"))
        if isinstance(uses := step.get("uses"), Mapping):
            self.composite(uses, (*path, "uses"))
        if self._composite and step.get("foreach") is not None:
            self.found.append((path, "a `foreach` stands in a workflow itself, not within a composite step"))
        gate = step.get("gate")
        if isinstance(gate, Mapping) and "revise" in gate and (self._composite or self._failing or self._each):
            self.found.append(((*path, "gate", "revise"), "only a gate among the steps of the workflow sends it back"))
        kind = _kind(step)
        for handed, by in _NEEDS.get(kind, ()):
            if handed not in self._handed and kind not in self._given:
                self.found.append((path, f"`{kind.partition('.')[0]}` needs {by} before it"))
        identity = step.get("id")
        if isinstance(identity, str):
            if identity in self._ids:
                self.found.append(((*path, "id"), f"two steps have the id `{identity}`"))
            self._ids.add(identity)
            self._names.add(name_of(identity))
        was, self._failing = self._failing, True
        self.steps(step.get("on_failure"), (*path, "on_failure"))
        self._failing = was
        self._handed.update(_hands_over(step))

    def _foreach(self, value: Any, path: Path) -> None:
        """The steps within see what was handed over before them; what they hand over themselves stays within."""
        if not isinstance(value, Mapping):
            return
        if self._failing:
            self.found.append((path, "`foreach` stands among the steps of the workflow, not in an `on_failure`"))
        listed = value.get("in")
        self.expression(listed, (*path, "in"))
        for index, item in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(item, str) and "${{" in item:
                self.found.append(((*path, "in", index), "an expression stands for the whole list, not for an item"))
        outside = set(self._names), set(self._handed), self._each
        self._each += 1
        if self._each == MOST_LISTS + 1:
            why = (
                f"more than {MOST_LISTS} lists are within one another: make one longer list before, and go through that"
            )
            self.found.append((path, why))
        for key in ("where", "sort"):
            self.expression(value.get(key), (*path, key))
        self.found += misplaced(value.get("steps"), (*path, "steps"))
        self.steps(value.get("steps"), (*path, "steps"))
        self.expression(value.get("collect"), (*path, "collect"))
        if "ChangeSummary" in self._handed:
            self._given |= {"prompt.review"}  # the items change the tree; the name of no item's change is that of all
        self._names, self._handed, self._each = outside

    def _literal(self, step: Mapping[str, Any], path: Path) -> None:
        """No value may become part of what is run, ordered or aimed at: an issue's title would choose it."""
        for place, text, why in _literals(step):
            if isinstance(text, str) and "${{" in text:
                self.found.append(((*path, *place), why))

    def _unknown(self, names: Sequence[tuple[str, str | None]]) -> Iterator[str]:
        for root, member in names:
            places = OF_COMPOSITES if self._composite else PLACES
            if self._each:
                places = (*places, *OF_AN_ITEM)
            if root not in places or (root == "error" and not self._failing):
                yield f"`{root}` is not known here{meant(root, {*places} - {root})}"
            elif root == "steps" and member is not None and member not in self._names:
                yield f"there is no step `{member}` before this one{meant(member, self._names)}"
            elif root == "inputs" and member is not None and member not in self._inputs:
                yield f"there is no input `{member}`{meant(member, self._inputs)}"


def _kind(step: Mapping[str, Any]) -> str:
    gate, agent = step.get("gate"), step.get("agent")
    if isinstance(gate, Mapping):
        return f"gate.{gate.get('binds')}"
    if isinstance(agent, Mapping):
        return f"prompt.{agent.get('prompt')}"
    ship, wait = step.get("ship"), step.get("wait")
    if isinstance(wait, Mapping) and "checks" in wait:
        return "wait.checks"
    if isinstance(change := step.get("github"), Mapping) and change.get("review") is not None:
        return "github.review"
    if isinstance(ship, Mapping) and "title" in ship:
        return ""
    return next((kind for kind in ("ship", "ready", "merge") if step.get(kind) is not None), "")


def _hands_over(step: Mapping[str, Any]) -> set[Handed]:
    agent = step.get("agent")
    if isinstance(agent, Mapping):
        output, writes = agent.get("output"), agent.get("writes", True)
        if isinstance(output, str):
            return {form for form in get_args(FormName) if form == output}
        return {"ChangeSummary"} if writes is True else set()
    if step.get("uses") in ("revert", "onboard"):
        return {"ChangeSummary"}
    return {"Shipment"} if step.get("ship") is not None else set()


def _literals(step: Mapping[str, Any]) -> Iterator[tuple[Path, Any, str]]:
    """The values of a step in which expressions never stand, with where each is and what to do instead."""
    environment = "values reach a command as environment variables: put this under `env`"
    if isinstance(step.get("run"), str):
        yield ("run",), step["run"], environment
    for key, member, why in (
        ("run", "script", environment),
        ("goal", "run", environment),
        ("agent", "task", "values reach an agent apart from its task, as text from outside: put this under `with`"),
        ("write", "path", "no value chooses a path: write it out"),
    ):
        said = step.get(key)
        if isinstance(said, Mapping):
            yield (key, member), said.get(member), why
    change = step.get("github")
    for member in ("label", "unlabel", "assign"):
        listed = change.get(member) if isinstance(change, Mapping) else None
        for index, text in enumerate(listed if isinstance(listed, list) else []):
            yield ("github", member, index), text, "no value chooses a label or a person: write it out"


def _expressions(step: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Every value of a step that may hold expressions, with where it stands in the step."""
    yield ("when",), step.get("when")
    sub = step.get("workflow")
    if isinstance(sub, Mapping) and isinstance(sub.get("with"), Mapping):
        yield from ((("workflow", "with", name), text) for name, text in sub["with"].items())
    for key in ("env", "with"):
        given = step.get(key)
        if isinstance(given, Mapping):
            yield from (((key, name), text) for name, text in given.items())
    for key, members in {
        "ask": ("question",),
        "write": ("content",),
        "github": ("comment",),
        "agent": ("task",),
    }.items():
        said = step.get(key)
        if isinstance(said, Mapping):
            yield from (((key, member), said.get(member)) for member in members)


def meant(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not known: which one may have been meant."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
