"""What people ask for, however they say it: a command, a label, a review, a button.

`carry_out()` turns one order into intents. Every refusal says the rule and the remedy, once per person and thread;
every other answer is said once per order.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from handlers.asked.answering import answer
from handlers.asked.gates import approve, cancel, reject
from handlers.asked.holding import hold, unhold
from handlers.asked.order import Answer, Order
from handlers.asked.pinning import pin_status
from handlers.asked.rehearsing import dry_run
from handlers.asked.starting import retry, start_by_command
from handlers.asked.steering import budget, continue_, revise, take
from handlers.asked.telling import help_, status, why
from handlers.asked.undoing import undo
from handlers.asked.vouching import ok_to_run

__all__ = ["Answer", "Order", "carry_out"]

# Every other verb is a workflow's, `implement` among them.
_BY_VERB: Mapping[str, Callable[[Order], Answer]] = MappingProxyType(
    {
        "approve": approve,
        "reject": reject,
        "revise": revise,
        "cancel": cancel,
        "take": take,
        "hold": hold,
        "unhold": unhold,
        "answer": answer,
        "continue": continue_,
        "budget": budget,
        "retry": retry,
        "undo": undo,
        "pin-status": pin_status,
        "ok-to-run": ok_to_run,
        "dry-run": dry_run,
        "status": status,
        "why": why,
        "help": help_,
    }
)


def carry_out(order: Order) -> Answer:
    """The intents of one order, and whether they are a refusal."""
    return _BY_VERB.get(order.verb, start_by_command)(order)
