"""A chat model through litellm: our messages in, our messages out, priced, with one bounded retry."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import stamina

from adapters.models.failures import Failure, failure, nonsense
from adapters.models.litellm_library import for_this_loop
from adapters.operator import Price
from core.completions import Completion, Message, Speaker, Tool, ToolCall, Usage
from core.errors import ModelUnavailable

if TYPE_CHECKING:
    from adapters.settings import Settings

PURPOSE = "X-Pullwright-Purpose"
TIMEOUT_SECONDS = 300.0
ATTEMPTS = 4
_MILLION = Decimal(1_000_000)


class LiteLLMModel:
    """Satisfies `core.completions.Model`.

    `prices` are US dollars per million tokens by model name and win over litellm's own list. A model in neither has no
    cost, which is not the same as costing nothing.
    """

    def __init__(
        self,
        name: str | None,
        *,
        api_base: str | None = None,
        api_key: str | None = None,
        prices: Mapping[str, Price] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._name = name
        self._api_base = api_base
        self._api_key = api_key
        self._prices = prices or {}
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts

    @classmethod
    def of(cls, settings: "Settings", prices: Mapping[str, Price]) -> "LiteLLMModel":
        key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
        return cls(settings.model, api_base=settings.model_api_base, api_key=key, prices=prices)

    async def complete(self, messages: Sequence[Message], tools: Sequence[Tool], *, purpose: str) -> Completion:
        """The model's next message. What may pass is tried again, with growing pauses, `attempts` times in all.

        Raises ModelUnavailable, ModelConfused where replies make no sense, and BudgetSpent where the conversation
        has become longer than the model can read.
        """
        if self._name is None:
            raise ModelUnavailable("No model is chosen: set PULLWRIGHT_MODEL, such as `anthropic/…` or `openai/…`.")
        request = {
            "model": self._name,
            "messages": [_to_wire(message) for message in messages],
            "tools": [_tool(tool) for tool in tools] or None,
            # A kept connection would outlive its event loop: litellm's clients are closed by nobody.
            "extra_headers": {PURPOSE: purpose, "Connection": "close"},
        }
        try:
            async for attempt in stamina.retry_context(
                on=_Passing, attempts=self._attempts, timeout=None, wait_initial=0.5, wait_max=10.0
            ):
                with attempt:
                    return await self._once(self._name, request)
        except _Passing as passing:
            raise passing.failure.error from None
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, name: str, request: dict[str, Any]) -> Completion:
        litellm = await for_this_loop()
        # Every exception of litellm is one of openai's.
        import openai

        try:
            reply = await litellm.acompletion(
                **request,
                api_base=self._api_base,
                api_key=self._api_key,
                timeout=self._timeout_seconds,
                max_retries=0,
                # Any call with tools otherwise imports its MCP gateway, which needs packages that we do not have.
                _skip_mcp_handler=True,
            )
            return self._completion(name, reply)
        except openai.OpenAIError as error:
            failed = failure(error, model=name, key=self._api_key, seconds=self._timeout_seconds)
        except _Nonsense as error:
            failed = Failure(nonsense(name, str(error)), passes=True)
        # Outside of `except`: what litellm raises can quote the request, and must not stand in a traceback.
        if failed.passes:
            raise _Passing(failed)
        raise failed.error

    def _completion(self, name: str, reply: Any) -> Completion:
        choices = getattr(reply, "choices", None)
        if not choices or getattr(choices[0], "message", None) is None:
            raise _Nonsense("There are no choices in it.")
        message = _from_wire(choices[0].message)
        return Completion(message=message, usage=self._usage(name, reply), model=name)

    def _usage(self, name: str, reply: Any) -> Usage:
        counted = getattr(reply, "usage", None)
        read = int(getattr(counted, "prompt_tokens", 0) or 0)
        written = int(getattr(counted, "completion_tokens", 0) or 0)
        return Usage(input_tokens=read, output_tokens=written, cost_usd=self._cost(name, reply, read, written))

    def _cost(self, name: str, reply: Any, read: int, written: int) -> Decimal | None:
        if not read and not written:
            return None  # a service that does not count cannot be priced
        if price := self._prices.get(name):
            return (price.input * read + price.output * written) / _MILLION
        # litellm lists many models at 0 whose price it does not know.
        listed = getattr(reply, "_hidden_params", {}).get("response_cost")
        return Decimal(str(listed)) if listed else None


class _Passing(Exception):
    """A failure that may pass; it carries nothing that a log of retries could leak."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure.error))
        self.failure = failure


class _Nonsense(Exception):
    """A reply that is no chat completion."""


def _to_wire(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.speaker.value, "content": message.text}
    if message.answers is not None:
        wire["tool_call_id"] = message.answers
    if message.tool_calls:
        wire["content"] = message.text or None
        wire["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return wire


def _from_wire(wire: Any) -> Message:
    calls: list[ToolCall] = []
    for number, call in enumerate(getattr(wire, "tool_calls", None) or (), 1):
        function = getattr(call, "function", None)
        if function is None or not isinstance(function.name, str) or not function.name:
            raise _Nonsense("A tool call in it has no name.")
        calls.append(
            ToolCall(id=call.id or f"call_{number}", name=function.name, arguments=str(function.arguments or ""))
        )
    text = wire.content if isinstance(wire.content, str) else ""
    return Message(speaker=Speaker.assistant, text=text, tool_calls=tuple(calls))


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
    }
