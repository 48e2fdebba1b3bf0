"""What a step says, in a few words on one line: for graphs, lists and rehearsals."""

from collections.abc import Sequence

from core.workflow.steps import (
    Agent,
    Ask,
    Change,
    Check,
    Composite,
    Foreach,
    Gate,
    Merge,
    Ready,
    Run,
    Ship,
    Step,
    Sub,
    Wait,
    Write,
)

_EXPECTED = {"green": "", "any": ", whatever comes of it", "red": ", which must find something"}
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def in_words(step: Step) -> str:
    """What the step does. It may hold anything that a workflow file may, but no line break."""
    return " ".join(_said(step).split())


def _said(step: Step) -> str:
    match step.action:
        case Agent() as agent:
            return _agent(agent)
        case Run() as run:
            return f"{'changes the tree with' if run.writes else 'runs'} {_first(run.script)}"
        case Check() as check:
            return f"runs the check {check.uses}{_EXPECTED[step.expect]}"
        case Write() as write:
            return f"writes {write.path}"
        case Gate() | Ask() | Wait() as waits:
            return _pause(waits)
        case Change() | Ship() | Ready() | Merge() as there:
            return _on_github(there)
        case Foreach() as each:
            return _each(each)
        case Composite(name=name):
            return f"does the steps of {name}"
        case Sub(name=name):
            return f"does the workflow {name}, in a run of its own"
        case str() as built_in:
            return f"the built-in {built_in}"


def _pause(waits: Gate | Ask | Wait) -> str:
    match waits:
        case Gate(binds=content):
            return f"waits for approvals of the {content}"
        case Ask(question=question, of=whom):
            return f"asks the {whom}: {_first(question)}"
        case Wait(time=int() as seconds):
            return f"waits {duration(seconds)}"
        case Wait(checks=checks, names=names, timeout=seconds):
            which = f"the checks {_listed(names)}" if names else "the repository's checks"
            return f"waits until {which} are {checks}, at most {duration(seconds)}"


def _on_github(there: Change | Ship | Ready | Merge) -> str:
    match there:
        case Change():
            return _change(there)
        case Ship(draft=draft):
            return f"opens a {'draft ' if draft else ''}pull request"
        case Ready(request_review=whom):
            return f"asks the {whom} for a review"
        case Merge(method=method):
            return f"merges ({method})"


def duration(seconds: int) -> str:
    """As one writes it in a file: `90s`, `10m`, `2h`, `1d`."""
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def once_more(step: Step) -> tuple[str, ...]:
    """Why the step may be done more than once, each reason in a few words."""
    found: list[str] = []
    if step.repair is not None:
        found.append(f"{step.repair.role} repairs, at most {step.repair.attempts}×")
    if step.goal is not None:
        found.append(f"until {step.goal.threshold:g} points, at most {step.goal.attempts}×")
    if step.retry is not None:
        found.append(f"tried {step.retry.attempts}×")
    return tuple(found)


def _agent(agent: Agent) -> str:
    told = f"the prompt {agent.prompt}" if agent.prompt is not None else _first(agent.task or "")
    form = agent.output if isinstance(agent.output, str) else ", ".join(agent.output or ())
    hands_in = f" → {form}" if form else ""
    return f"{agent.role}{'' if agent.writes else ' (reads only)'}: {told}{hands_in}"


def _each(each: Foreach) -> str:
    listed = each.items.strip() if isinstance(each.items, str) else f"{len(each.items)} given"
    items = " ".join(listed.removeprefix("${{").removesuffix("}}").split())
    return f"for each item of {items}, {each.max_parallel} at once"


def _change(change: Change) -> str:
    done: list[str] = []
    if change.comment is not None:
        done.append("comments")
    if change.review is not None:
        done.append("reviews")
    for verb, names in (("labels", change.label), ("takes off", change.unlabel), ("assigns", change.assign)):
        if names:
            done.append(f"{verb} {_listed(names)}")
    if change.close is not None:
        done.append(f"closes as {change.close.replace('_', ' ')}")
    return ", ".join(done)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)


def _first(text: str) -> str:
    """The first line that says something."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else "") + (" …" if len(lines) > 1 else "")
