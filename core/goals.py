"""Goals: what a judging command says of a tree, and when it is no use to go on."""

import json
from collections.abc import Sequence

from pydantic import Field, ValidationError

from core.errors import BotError
from core.names import Value

CONVERGED_ROUNDS = 3
CONVERGED_POINTS = 2.0
"""Three scores this close to each other: the next attempt will hardly come to another."""


class Judgement(Value):
    """The last line of JSON that the command printed."""

    score: float = Field(ge=0, le=100)
    gaps: tuple[str, ...] = ()


class JudgementUnreadable(BotError):
    """The command that judges a goal did not print its judgement."""

    code = "judgement-unreadable"

    def remedy(self) -> str:
        return 'Let the command of `goal` print one line like {"score": 80, "gaps": ["no test for empty input"]}.'


def judgement(output: str) -> Judgement:
    """What the command said. Raises JudgementUnreadable."""
    lines = [line for line in output.strip().splitlines() if line.lstrip().startswith("{")]
    try:
        return Judgement.model_validate(json.loads(lines[-1]) if lines else None)
    except (ValueError, ValidationError, RecursionError) as error:
        raise JudgementUnreadable("The command of `goal` printed no judgement.", evidence=output[-2_000:]) from error


def converged(scores: Sequence[float]) -> bool:
    last = scores[-CONVERGED_ROUNDS:]
    return len(last) == CONVERGED_ROUNDS and max(last) - min(last) <= CONVERGED_POINTS
