"""What is said to models: one Jinja file per prompt, typed inputs, and one way in for text from outside."""

from prompts.inputs import (
    ImplementPrompt,
    PlanPrompt,
    PromptInput,
    RepairPrompt,
    ResearchPrompt,
    ResolvePrompt,
    ReviewPrompt,
    TaskPrompt,
    TriagePrompt,
)
from prompts.rendering import Rendered, render
from prompts.untrusted import elided, untrusted

__all__ = [
    "ImplementPrompt",
    "PlanPrompt",
    "PromptInput",
    "Rendered",
    "RepairPrompt",
    "ResearchPrompt",
    "ResolvePrompt",
    "ReviewPrompt",
    "TaskPrompt",
    "TriagePrompt",
    "elided",
    "render",
    "untrusted",
]
