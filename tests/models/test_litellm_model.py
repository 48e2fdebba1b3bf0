"""The adapter against a real endpoint: everything goes through litellm and HTTP."""

import socket
from decimal import Decimal
from typing import Any

import pytest

from adapters.models.litellm_model import LiteLLMModel
from adapters.operator import Price
from bot.demo.model import Script, ScriptedModel
from core.completions import Completion, Message, Speaker, Tool, ToolCall
from core.errors import ModelConfused, ModelUnavailable

SCRIPT = """
talk: [{say: Hello., read: a.py}, {say: Bye.}]
garbage: [{garbage: "<html>Bad gateway</html>"}]
empty: [{garbage: "{}"}]
no-choices: [{garbage: '{"choices": []}'}]
broken: [{broken_call: '{"title": '}]
busy: [{status: 429}]
down: [{status: 503}]
forbidden: [{status: 403}]
refused: [{status: 422}]
slow: [{hang: 60, say: late}]
"""
READ = Tool(name="read", description="Read a file.", parameters={"type": "object", "properties": {}})
NAME = "openai/scripted"


async def ask(endpoint: ScriptedModel, section: str, **settings: Any) -> Completion:
    name = settings.pop("name", NAME)
    settings = {"api_base": endpoint.url, "api_key": endpoint.key, **settings}
    said = [Message(speaker=Speaker.user, text="Hi.")]
    return await LiteLLMModel(name, **settings).complete(said, [READ], purpose=f"run1/{section}")


@pytest.fixture
async def endpoint() -> Any:
    async with ScriptedModel(Script.parse(SCRIPT)) as running:
        yield running


async def test_words_and_tool_calls_arrive_as_our_own_values(endpoint: ScriptedModel) -> None:
    completion = await ask(endpoint, "talk")
    call = completion.message.tool_calls[0]
    assert completion.model == NAME
    assert completion.message.text == "Hello."
    assert (call.name, call.arguments) == ("read", '{"path": "a.py"}')
    assert completion.usage.input_tokens > 0
    assert completion.usage.output_tokens > 0


async def test_the_whole_conversation_is_sent_with_calls_and_their_answers(endpoint: ScriptedModel) -> None:
    model = LiteLLMModel(NAME, api_base=endpoint.url, api_key=endpoint.key)
    said = [
        Message(speaker=Speaker.system, text="Be brief."),
        Message(speaker=Speaker.user, text="Hi."),
        Message(speaker=Speaker.assistant, tool_calls=(ToolCall(id="c1", name="read", arguments="{}"),)),
        Message(speaker=Speaker.tool, text="nothing", answers="c1"),
    ]
    assert (await model.complete(said, [READ], purpose="run1/talk")).message.text == "Bye."


async def test_the_purpose_travels_as_a_header(endpoint: ScriptedModel) -> None:
    await ask(endpoint, "talk")
    assert endpoint.requests == ["run1/talk"]


async def test_a_declared_price_is_per_million_tokens(endpoint: ScriptedModel) -> None:
    usage = (await ask(endpoint, "talk", prices={NAME: Price(input=Decimal(2), output=Decimal(8))})).usage
    assert usage.cost_usd == (Decimal(2) * usage.input_tokens + Decimal(8) * usage.output_tokens) / 1_000_000


async def test_a_model_declared_as_free_costs_nothing(endpoint: ScriptedModel) -> None:
    assert (await ask(endpoint, "talk", prices={NAME: Price(input=Decimal(0), output=Decimal(0))})).usage.cost_usd == 0


async def test_a_model_without_a_price_is_unpriced_and_not_free(endpoint: ScriptedModel) -> None:
    assert (await ask(endpoint, "talk")).usage.cost_usd is None


async def test_a_model_of_litellms_own_list_has_its_price() -> None:
    async with ScriptedModel(Script.parse(SCRIPT), name="gpt-4o") as endpoint:
        usage = (await ask(endpoint, "talk", name="openai/gpt-4o")).usage
    assert usage.cost_usd is not None
    assert usage.cost_usd > 0


async def test_a_wrong_key_is_said_without_the_key_and_not_tried_again(endpoint: ScriptedModel) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        await ask(endpoint, "talk", api_key="sk-wrong-1234567890")
    assert str(raised.value) == f"The key is refused by the service of the model `{NAME}` (401)."
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


async def test_a_missing_key_names_the_setting(endpoint: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelUnavailable) as raised:
        await ask(endpoint, "talk", api_key=None)
    expected = f"There is no key for the service of the model `{NAME}`: set PULLWRIGHT_MODEL_API_KEY."
    assert str(raised.value) == expected


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("openai/nobody", "The model `openai/nobody` is not known to its service (404)."),
        ("nobody", "There is no provider for the model `nobody`: its name must begin with one, as in `openai/…`."),
        (None, "No model is chosen: set PULLWRIGHT_MODEL, such as `anthropic/…` or `openai/…`."),
    ],
)
async def test_an_unknown_model_is_named(endpoint: ScriptedModel, name: str | None, sentence: str) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        await ask(endpoint, "talk", name=name)
    assert str(raised.value) == sentence


async def test_an_unreachable_service_is_said_so(endpoint: ScriptedModel) -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else can take the port meanwhile
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ModelUnavailable) as raised:
            await ask(endpoint, "talk", api_base=f"http://127.0.0.1:{bound.getsockname()[1]}/v1")
    assert str(raised.value) == f"Cannot reach the service of the model `{NAME}`."


@pytest.mark.parametrize(
    ("section", "sentence", "tries"),
    [
        ("busy", f"Too many requests, or no quota left, at the service of the model `{NAME}` (429).", 4),
        ("down", f"An error of the service of the model `{NAME}` (503).", 4),
        ("forbidden", f"The key is refused by the service of the model `{NAME}` (403).", 1),
        (
            "refused",
            f"The request is refused by the service of the model `{NAME}` (422): The script answers 422 here.",
            1,
        ),
    ],
)
async def test_an_error_is_tried_again_only_where_it_may_pass(
    endpoint: ScriptedModel, section: str, sentence: str, tries: int
) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        await ask(endpoint, section)
    assert str(raised.value) == sentence
    assert len(endpoint.requests) == tries


async def test_a_service_that_hangs_is_given_up_after_the_timeout(endpoint: ScriptedModel) -> None:
    with pytest.raises(ModelUnavailable, match=r"^No answer within 0 seconds from the service of the model"):
        await ask(endpoint, "slow", timeout_seconds=0.1, attempts=1)


@pytest.mark.parametrize("section", ["garbage", "empty", "no-choices"])
async def test_replies_that_make_no_sense_are_a_confused_model(endpoint: ScriptedModel, section: str) -> None:
    with pytest.raises(ModelConfused, match=f"^The model `{NAME}` gives replies that are not chat completions"):
        await ask(endpoint, section)
    assert len(endpoint.requests) == 4


async def test_arguments_that_are_not_json_are_left_to_the_agent_loop(endpoint: ScriptedModel) -> None:
    assert (await ask(endpoint, "broken")).message.tool_calls[0].arguments == '{"title": '
