"""What a replay says of a difference: the condition of a step, how a run ended, where two outcomes part."""

from typing import Any

from core.runs import Run
from core.workflow import Step


def condition(step: Step) -> str:
    """The `when` of a step."""
    return f"`{step.when}`" if step.when is not None else "it has no condition"


def ending(run: Run) -> str:
    """The recorded end, as the part of a sentence."""
    return f"{run.state}{f': {run.ended_why}' if run.ended_why else ''}".rstrip(".")


def apart(recorded: Any, now: Any) -> str:
    """Where two outcomes differ, in words."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in sorted({*recorded, *now}):
            if recorded.get(name) != now.get(name):
                return f"`{name}` is {_brief(recorded.get(name))} in the record, and {_brief(now.get(name))} now"
    return f"{_brief(recorded)} in the record, and {_brief(now)} now"


def _brief(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else f"{text[:100]}…"
