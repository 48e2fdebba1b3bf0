"""What is said to a model and what comes back, free of any provider's types."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from core.names import Value


class Speaker(StrEnum):
    system = "system"
    user = "user"
    assistant = "assistant"
    tool = "tool"


class ToolCall(Value):
    """A call the model asks for. `arguments` is what it wrote, unparsed: JSON if it behaved."""

    id: str
    name: str
    arguments: str


class Message(Value):
    speaker: Speaker
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    """Only the assistant calls tools."""
    answers: str | None = None
    """The id of the tool call that this message answers."""


class Tool(Value):
    """A tool offered to a model; `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


class Usage(Value):
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = None
    """None where the model's price is not known: unpriced is not free."""


class Completion(Value):
    message: Message
    usage: Usage
    model: str


class Model(Protocol):
    """A chat model that can call tools."""

    async def complete(self, messages: Sequence[Message], tools: Sequence[Tool], *, purpose: str) -> Completion:
        """The model's next message.

        `purpose` names the run and the step, for the provider's log and for scripted models.
        Raises ModelUnavailable where the service, the key or the name is wrong, after its own retries.
        """
        ...
