"""Where the time of a run went, from its journal and its memos: from the label to the pull request.

Time is the model's, the commands', people's, or ours. What is ours is the overhead of orchestration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.runs import Event, Step


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds of one part: in all, and by whom they were spent. `own_seconds` is what is left."""

    name: str
    seconds: float
    model_seconds: float = 0.0
    command_seconds: float = 0.0
    people_seconds: float = 0.0

    @property
    def own_seconds(self) -> float:
        return max(0.0, self.seconds - self.model_seconds - self.command_seconds - self.people_seconds)


def spans(labelled_at: datetime, journal: Sequence[Event], memos: Sequence[Step]) -> list[Span]:
    """The parts from the labelling to the opened pull request, in order; empty where none was opened."""
    opened = next((e.at for e in journal if e.name == "effect.done" and e.facts.get("kind") == "pull"), None)
    if opened is None:
        return []
    begun = {str(e.facts["step"]): e.at for e in journal if e.name == "step.started" and e.at < opened}
    ended = {str(e.facts["step"]): e.at for e in journal if e.name == "step.finished"}
    found = [Span("picked up", _between(labelled_at, min(begun.values())))]
    between = 0.0
    last = min(begun.values())
    for name, start in begun.items():
        end = min(ended.get(name, opened), opened)
        between += _between(last, start)
        last = end
        found.append(
            Span(
                name,
                _between(start, end),
                model_seconds=_remembered(memos, name, replies=True),
                command_seconds=_remembered(memos, name, replies=False) + _checked(journal, start, end),
                people_seconds=_waited(journal, start, end),
            )
        )
    return [*found, Span("between steps", between)]


def _remembered(memos: Sequence[Step], step: str, *, replies: bool) -> float:
    """Seconds that the replies, or the tool calls, of a step's agents took."""
    own = [memo for memo in memos if memo.key.startswith(f"{step}/") and isinstance(memo.output, dict)]
    return sum(float(memo.output.get("seconds", 0)) for memo in own if ("/call:" in memo.key) != replies)


def _checked(journal: Sequence[Event], start: datetime, end: datetime) -> float:
    """Seconds that the project's own commands took."""
    ran = [e for e in journal if e.name in {"check.ran", "evidence.ran", "setup.done"} and start <= e.at <= end]
    return sum(float(e.facts.get("seconds", 0)) for e in ran)


def _waited(journal: Sequence[Event], start: datetime, end: datetime) -> float:
    """Seconds from a wait to what ended it."""
    seconds, since = 0.0, None
    for event in journal:
        if not start <= event.at <= end:
            continue
        if event.name == "run.waiting":
            since = event.at
        elif since is not None and event.name.startswith("signal.") and event.name != "signal.applied":
            seconds += _between(since, event.at)
            since = None
    return seconds


def _between(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
