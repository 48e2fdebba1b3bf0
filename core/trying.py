"""Trying again: what a step's author said about its failures, as one decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.digests import digest
from core.names import Value
from core.workflow import Retry, Step


class Failure(Value):
    """One attempt that failed."""

    code: str
    why: str
    evidence: str = ""
    handed: Mapping[str, Any] = {}
    """What the step hands over although it failed."""

    @property
    def told(self) -> dict[str, Any]:
        """What expressions see of it, and what is written down."""
        return {**self.handed, "code": self.code, "why": self.why, "evidence": self.evidence}


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Mend:
    """Do the steps of `on_failure`, then try once more: only the step itself says whether it is mended."""


@dataclass(frozen=True, slots=True)
class GoOn:
    """Go on without it."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It failed, and so does the run."""


Decision = Again | Mend | GoOn | GiveUp


def decide(step: Step, code: str, failed: int, *, salt: str) -> Decision:
    """What follows on the attempt that failed with this code, the `failed`th. First it is retried, then mended.

    `salt` names the run: pauses of different runs spread, and a replay comes to the same.
    """
    attempts = step.retry.attempts if step.retry is not None and _covers(step.retry, code) else 1
    if step.retry is not None and failed < attempts:
        return Again(pause(step.retry, failed, salt=f"{salt}/{step.id}"))
    if step.on_failure and failed <= attempts:
        return Mend()
    return GoOn() if step.continue_on_error else GiveUp()


def pause(retry: Retry, failed: int, *, salt: str) -> float:
    """Seconds before the next attempt; with jitter, between the half and all of what the backoff says."""
    whole = min(retry.delay * (2 ** (failed - 1) if retry.backoff == "exponential" else 1), retry.max_delay)
    if not retry.jitter:
        return float(whole)
    share = int(digest("jitter", salt, failed)[:8], 16) / 0xFFFFFFFF
    return round(whole * (0.5 + share / 2), 3)


def _covers(retry: Retry, code: str) -> bool:
    return not retry.on or code in retry.on
