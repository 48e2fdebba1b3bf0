"""Every question that a policy answers, in one place. Each answer is a `Result` tree; none does I/O."""

from policies.content import change_allowed, may_merge
from policies.gates import change_gate, plan_gate, waiting_reasons
from policies.people import may_approve, may_command, may_hold_all, may_raise, may_start

__all__ = [
    "change_allowed",
    "change_gate",
    "may_approve",
    "may_command",
    "may_hold_all",
    "may_merge",
    "may_raise",
    "may_start",
    "plan_gate",
    "waiting_reasons",
]
