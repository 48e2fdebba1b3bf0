"""The states of a run, and every way from one to another, as data.

The same table guards the store's updates and draws the diagram in `docs/architecture.md`.
"""

from enum import StrEnum
from types import MappingProxyType


class RunState(StrEnum):
    queued = "queued"
    running = "running"
    waiting = "waiting"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"
    rejected = "rejected"


class WaitingFor(StrEnum):
    approval = "approval"
    answer = "answer"
    checks = "checks"
    time = "time"
    budget = "budget"
    parts = "parts"
    """Runs that do parts of its work."""
    paths = "paths"
    """Another run is shipping changes to the same files."""


class Trigger(StrEnum):
    """What moves a run."""

    claim = "a worker takes the lease"
    release = "the worker gives the lease back"
    park = "the run waits"
    wake = "what it waited for happened"
    finish = "the last step is done"
    fail = "a step failed for good"
    cancel = "somebody cancelled, or the subject went away"
    reject = "somebody rejected"


TERMINAL = frozenset({RunState.succeeded, RunState.failed, RunState.cancelled, RunState.rejected})

TRANSITIONS = MappingProxyType(
    {
        (RunState.queued, Trigger.claim): RunState.running,
        (RunState.running, Trigger.claim): RunState.running,  # the lease had expired: a higher epoch
        (RunState.running, Trigger.release): RunState.queued,
        (RunState.running, Trigger.park): RunState.waiting,
        (RunState.waiting, Trigger.wake): RunState.queued,
        (RunState.running, Trigger.finish): RunState.succeeded,
        (RunState.running, Trigger.fail): RunState.failed,
        (RunState.running, Trigger.cancel): RunState.cancelled,
        (RunState.running, Trigger.reject): RunState.rejected,
    }
)
"""Only the lease holder ends a run, so every end passes through `running`, and every other move is refused."""


def sources(trigger: Trigger) -> frozenset[RunState]:
    """The states in which the trigger is legal: what a guarded UPDATE names in its WHERE."""
    return frozenset(state for state, how in TRANSITIONS if how is trigger)


def target(trigger: Trigger) -> RunState:
    """The one state the trigger leads to, whatever it comes from."""
    (state,) = {after for (_, how), after in TRANSITIONS.items() if how is trigger}
    return state


def mermaid() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> queued"]
    lines += [f"    {before} --> {after}: {how.value}" for (before, how), after in TRANSITIONS.items()]
    lines += [f"    {state} --> [*]" for state in RunState if state in TERMINAL]
    return "\n".join(lines)
