"""The workflow language: a YAML file says what starts a run, what it is given, and its steps.

`parse()` reads one and reports every mistake at once, with line and column. What a step *does* is the engine's; here
stands only what it *says*.
"""

from core.workflow.file import Listen, Workflow, parse
from core.workflow.inputs import Input
from core.workflow.references import name_of
from core.workflow.steps import (
    Agent,
    Ask,
    Capture,
    Change,
    Check,
    Composite,
    Foreach,
    Gate,
    Goal,
    Handed,
    Merge,
    Ready,
    Repair,
    Retry,
    Run,
    Ship,
    Step,
    Sub,
    Wait,
    Write,
)

__all__ = [
    "Agent",
    "Ask",
    "Capture",
    "Change",
    "Check",
    "Composite",
    "Foreach",
    "Gate",
    "Goal",
    "Handed",
    "Input",
    "Listen",
    "Merge",
    "Ready",
    "Repair",
    "Retry",
    "Run",
    "Ship",
    "Step",
    "Sub",
    "Wait",
    "Workflow",
    "Write",
    "name_of",
    "parse",
]
