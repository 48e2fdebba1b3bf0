"""The demo with a model that somebody else runs, behind an address of theirs."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.demo.model import Script, ScriptedModel

from .conftest import SCRIPT, Demo


@pytest.mark.slow
async def test_a_model_at_an_address_of_ones_own_does_the_work(demo: Demo):
    async with ScriptedModel(Script.parse(Path(SCRIPT).read_text()), name="their-model") as theirs:
        ended = await asyncio.to_thread(
            demo, "--json", "--model", "openai/their-model", MODEL_API_BASE=theirs.url, MODEL_API_KEY=theirs.key
        )
        assert ended.returncode == 0, ended.stderr
        told = json.loads(ended.stdout)
        assert told["merged"] is True
        assert told["cost_usd"] is None, "what has no known price is no free work"
        assert told["unpriced_calls"] == len(theirs.requests)
        assert theirs.key not in ended.stdout + ended.stderr


@pytest.mark.slow
async def test_a_key_that_the_model_refuses_ends_it_with_1_and_says_so(demo: Demo):
    async with ScriptedModel(Script.parse(Path(SCRIPT).read_text()), name="their-model") as theirs:
        ended = await asyncio.to_thread(
            demo, "--json", "--model", "openai/their-model", MODEL_API_BASE=theirs.url, MODEL_API_KEY="sk-wrong"
        )
    assert ended.returncode == 1
    told = json.loads(ended.stdout)
    assert (told["merged"], told["pull"]) == (False, None)
    assert "(`model-unavailable`)" in told["last_words"]
    assert "sk-wrong" not in ended.stdout + ended.stderr
