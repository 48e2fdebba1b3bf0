"""A model that follows a script, behind a real OpenAI-compatible endpoint. It imports nothing else of ours."""

from bot.demo.model.endpoint import ScriptedModel
from bot.demo.model.script import Script, ScriptInvalid

__all__ = ["Script", "ScriptInvalid", "ScriptedModel"]
