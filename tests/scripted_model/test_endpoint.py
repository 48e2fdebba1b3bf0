"""The endpoint as an OpenAI client sees it, over plain HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.demo.model import Script, ScriptedModel

SCRIPT = """
change: [{say: First., read: a.py}, {submit: {title: t}}]
tests/repair:1: [{say: Mended.}]
odd: [{garbage: not json}]
late: [{hang: 3600, say: Late.}]
sick: [{status: 500}]
"""


@pytest.fixture
async def endpoint() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel(Script.parse(SCRIPT)) as running:
        yield running


async def ask(endpoint: ScriptedModel, purpose: str, *, turns: int = 0, **changes: Any) -> tuple[int, Any]:
    messages = [{"role": "user", "content": "Hi."}, *({"role": "assistant", "content": "…"} for _ in range(turns))]
    body = {"model": "scripted", "messages": messages, **changes.pop("body", {})}
    headers = {"Authorization": f"Bearer {endpoint.key}", "X-Pullwright-Purpose": purpose, **changes}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{endpoint.url}/chat/completions", json=body, headers=headers) as answer,
    ):
        return answer.status, await (answer.json() if answer.content_type == "application/json" else answer.text())


async def test_the_turn_is_the_number_of_assistant_messages_so_equal_requests_are_equal(
    endpoint: ScriptedModel,
) -> None:
    first = await ask(endpoint, "run1/change")
    assert first == await ask(endpoint, "run1/change")
    choice = first[1]["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "First."
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "read", "arguments": '{"path": "a.py"}'}
    second = (await ask(endpoint, "run1/change", turns=1))[1]["choices"][0]["message"]
    assert second["tool_calls"][0]["function"] == {"name": "submit", "arguments": '{"title": "t"}'}


async def test_a_step_key_with_a_slash_names_its_own_section(endpoint: ScriptedModel) -> None:
    _, reply = await ask(endpoint, "run1/tests/repair:1")
    assert reply["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "Mended."},
        "finish_reason": "stop",
    }


async def test_usage_grows_with_the_text(endpoint: ScriptedModel) -> None:
    short = (await ask(endpoint, "run1/change"))[1]["usage"]
    longer = (await ask(endpoint, "run1/change", body={"messages": [{"role": "user", "content": "x" * 4000}]}))[1]
    assert longer["usage"]["prompt_tokens"] >= 1000
    assert longer["usage"]["completion_tokens"] == short["completion_tokens"]
    assert short["total_tokens"] == short["prompt_tokens"] + short["completion_tokens"]


@pytest.mark.parametrize(
    ("purpose", "turns", "status", "message"),
    [
        ("run1/change", 2, 400, "The section `change` of the script ends after turn 2."),
        (
            "run1/plan",
            0,
            400,
            (
                "The script has no section `plan`; it has `triage`, `research`, `review`, `change`, `tests/repair:1`, "
                "`odd`, `late`, `sick`."
            ),
        ),
        ("run1/sick", 0, 500, "The script answers 500 here."),
    ],
)
async def test_what_the_script_does_not_say_is_an_error_that_names_the_section(
    endpoint: ScriptedModel, purpose: str, turns: int, status: int, message: str
) -> None:
    answered, reply = await ask(endpoint, purpose, turns=turns)
    assert (answered, reply["error"]["message"]) == (status, message)


async def test_what_a_tool_refused_is_kept_for_the_author_of_the_script(endpoint: ScriptedModel) -> None:
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "I edit."},
        {
            "role": "tool",
            "content": "error\n<untrusted-1 source='edit a.py'>\n`old` is not in `a.py`.\nmore\n</untrusted-1>",
        },
    ]
    await ask(endpoint, "run1/change", body={"messages": messages})
    assert endpoint.stumbles == {"change, turn 1": "`old` is not in `a.py`."}


async def test_a_wrong_key_is_refused_before_anything_else(endpoint: ScriptedModel) -> None:
    status, reply = await ask(endpoint, "run1/change", Authorization="Bearer sk-other")
    assert (status, reply["error"]["code"]) == (401, "invalid_api_key")
    assert endpoint.requests == []


async def test_an_unknown_model_is_not_found(endpoint: ScriptedModel) -> None:
    status, reply = await ask(endpoint, "run1/change", body={"model": "gpt"})
    assert (status, reply["error"]["code"]) == (404, "model_not_found")


async def test_a_request_to_stream_is_refused(endpoint: ScriptedModel) -> None:
    assert (await ask(endpoint, "run1/change", body={"stream": True}))[0] == 400


@pytest.mark.parametrize("messages", [None, 7, ["hi"]])
async def test_a_request_that_is_none_is_refused(endpoint: ScriptedModel, messages: Any) -> None:
    assert (await ask(endpoint, "run1/change", body={"messages": messages}))[0] == 400


async def test_garbage_is_sent_as_it_stands(endpoint: ScriptedModel) -> None:
    assert await ask(endpoint, "run1/odd") == (200, "not json")


async def test_stopping_ends_a_reply_that_hangs() -> None:
    import asyncio

    endpoint = await ScriptedModel(Script.parse(SCRIPT)).start()
    waiting = asyncio.create_task(ask(endpoint, "run1/late"))
    while not endpoint.requests:  # noqa: ASYNC110  # the endpoint tells nobody when a request arrives
        await asyncio.sleep(0)
    await endpoint.stop()
    assert (await waiting)[1]["choices"][0]["message"]["content"] == "Late."


async def test_the_models_are_listed(endpoint: ScriptedModel) -> None:
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    async with aiohttp.ClientSession() as session, session.get(f"{endpoint.url}/models", headers=headers) as answer:
        assert [row["id"] for row in (await answer.json())["data"]] == ["scripted"]
