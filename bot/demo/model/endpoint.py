"""The scripted model as a service on loopback: `POST /v1/chat/completions` and `GET /v1/models`, as OpenAI shapes them.

It keeps no state: the section is the step in the header `X-Pullwright-Purpose: <run>/<step key>`, the turn is the
number of assistant messages that the request holds already. So a replayed or repeated request gets the same answer.
"""

import asyncio
import hashlib
import hmac
import json
import re
import secrets
from typing import Any

from aiohttp import web

from bot.demo.model.script import Script, Turn

PURPOSE = "X-Pullwright-Purpose"
CHARACTERS_PER_TOKEN = 4
MOST_BODY_BYTES = 32 * 1024 * 1024
CREATED = 1_767_225_600
"""The beginning of 2026: the endpoint has no clock, so that equal requests have equal answers."""


_REFUSED = re.compile(r"error\n(?:<[^\n]*>\n)?([^\n]+)")
"""How a tool's refusal begins, in the message that the model is sent."""


class ScriptedModel:
    """A running endpoint. `url` is an OpenAI base address; `key` is the only bearer key it takes.

    `requests` lists the purposes it was asked for, in order: a test can prove what was not asked. `outage` holds the
    error statuses that the next requests get, whatever the script says.
    """

    def __init__(self, script: Script, *, name: str = "scripted", key: str | None = None) -> None:
        self.name = name
        self.key = key or f"sk-scripted-{secrets.token_hex(16)}"
        self.requests: list[str] = []
        self.conversations: dict[str, list[dict[str, Any]]] = {}
        self.outage: list[int] = []
        self.stumbles: dict[str, str] = {}
        """What the tools refused, by section and turn: a script does not look, so its author is told."""
        self._script = script
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    async def start(self, port: int = 0) -> "ScriptedModel":
        app = web.Application(client_max_size=MOST_BODY_BYTES)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> "ScriptedModel":
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _models(self, request: web.Request) -> web.Response:
        if refusal := self._refused(request):
            return refusal
        row = {"id": self.name, "object": "model", "created": CREATED, "owned_by": "pullwright-demo"}
        return web.json_response({"object": "list", "data": [row]})

    async def _complete(self, request: web.Request) -> web.Response:
        if refusal := self._refused(request):
            return refusal
        try:
            asked = await request.json()
            messages = [dict(message) for message in asked["messages"]]
        except (ValueError, KeyError, TypeError):
            return _error(400, "The body is not a chat completion request.", "invalid_request_error")
        if asked.get("model") != self.name:
            message = f"The model `{asked.get('model')}` does not exist; there is `{self.name}`."
            return _error(404, message, "invalid_request_error", code="model_not_found")
        if asked.get("stream"):
            return _error(400, "The scripted model does not stream.", "invalid_request_error")
        return await self._play(request.headers.get(PURPOSE, ""), messages)

    async def _play(self, purpose: str, messages: list[dict[str, Any]]) -> web.Response:
        self.requests.append(purpose)
        self.conversations[purpose] = messages
        if self.outage:
            return _error(self.outage.pop(0), "The service has an outage.", "server_error")
        step_key = purpose.partition("/")[2]
        found = self._script.section(step_key)
        if found is None:
            known = ", ".join(f"`{name}`" for name in self._script.sections)
            return _error(400, f"The script has no section `{step_key}`; it has {known}.", "script_error")
        section, turns = found
        number = sum(message.get("role") == "assistant" for message in messages)
        if refusals := _refusals(messages):
            self.stumbles[f"{step_key}, turn {number}"] = refusals[0]
        if number >= len(turns):
            return _error(400, f"The section `{section}` of the script ends after turn {len(turns)}.", "script_error")
        turn = turns[number]
        if turn.hang:
            await self._hang(turn.hang)
        if turn.status is not None:
            return _error(turn.status, f"The script answers {turn.status} here.", "script_error")
        if turn.garbage is not None:
            return web.Response(text=turn.garbage, content_type="text/plain")
        return web.json_response(self._completion(f"{purpose}/{number + 1}", turn, messages))

    async def _hang(self, seconds: float) -> None:
        """Wait, but not longer than the endpoint lives."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return

    def _refused(self, request: web.Request) -> web.Response | None:
        given = request.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
            return None
        return _error(401, "Incorrect API key provided.", "invalid_request_error", code="invalid_api_key")

    def _completion(self, place: str, turn: Turn, messages: list[dict[str, Any]]) -> dict[str, Any]:
        calls = [
            {
                "id": f"call_{number}_{hashlib.sha256(place.encode()).hexdigest()[:12]}",
                "type": "function",
                "function": {"name": call.tool, "arguments": call.arguments},
            }
            for number, call in enumerate(turn.calls, 1)
        ]
        message: dict[str, Any] = {"role": "assistant", "content": turn.say or None}
        if calls:
            message["tool_calls"] = calls
        read, written = _tokens(messages), _tokens(message)
        return {
            "id": f"chatcmpl-{hashlib.sha256(place.encode()).hexdigest()[:24]}",
            "object": "chat.completion",
            "created": CREATED,
            "model": self.name,
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
            "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
        }


def _refusals(messages: list[dict[str, Any]]) -> list[str]:
    """What the tools refused of the newest turn, one line each."""
    found: list[str] = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        if refused := _REFUSED.match(str(message.get("content"))):
            found.insert(0, refused[1])
    return found


def _tokens(value: Any) -> int:
    """A token is four characters of JSON, rounded up: no tokenizer, but longer texts cost more."""
    return -(-len(json.dumps(value, ensure_ascii=False)) // CHARACTERS_PER_TOKEN)


def _error(status: int, message: str, kind: str, code: str | None = None) -> web.Response:
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return web.json_response(body, status=status)
