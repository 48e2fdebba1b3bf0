"""A model that is not asked while its service is away."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.breakers import Guard
from core.completions import Completion, Message, Model, Tool


@dataclass(frozen=True, slots=True)
class GuardedModel:
    """Satisfies `core.completions.Model`. `dependency` names it for every process."""

    model: Model
    dependency: str
    guard: Guard

    async def complete(self, messages: Sequence[Message], tools: Sequence[Tool], *, purpose: str) -> Completion:
        """As the model does. Raises CircuitOpen, and asks nothing, while it failed too often in a row."""
        async with self.guard.asking(self.dependency):
            return await self.model.complete(messages, tools, purpose=purpose)
