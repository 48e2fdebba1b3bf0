"""What an agent is asked, how far it may go, what it remembers, and what it hands over."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from core.completions import Usage
from core.names import Digest, Value


@dataclass(frozen=True, slots=True)
class Assignment:
    """One piece of work for one agent.

    `step_key` prefixes every memo key and ends the purpose that the model's service sees. Without an `output` the
    agent hands in a `core.outputs.ChangeSummary`. `writes` decides which tools are offered: an agent that does not
    write gets no `edit`, `write` or `run`.
    """

    run_id: str
    step_key: str
    role: str
    system: str
    user: str
    output: type[Value] | None = None
    writes: bool = False

    @property
    def purpose(self) -> str:
        return f"{self.run_id}/{self.step_key}"


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """How far an agent may go. Limits are checked before each new call to the model: a call that began is paid for.

    `None` means no limit. Turns, tokens and seconds count the whole step, also what was recorded by a worker that died.
    """

    turns: int = 60
    cost_usd: Decimal | None = None
    """What may still be spent from now on. Replies that are recalled were paid before and do not count again."""
    tokens: int | None = 4_000_000
    seconds: float = 3600
    format_errors: int = 3
    """Turns in a row that are not in the right form."""
    same_call_repeats: int = 4
    """The same call with the same result, and nothing written in between."""
    output_chars: int = 12_000
    """What the model is shown of one tool's result."""
    command_seconds: float = 600


@dataclass(frozen=True, slots=True)
class Handover:
    """What the agent handed in, and what it took; `usage` includes what earlier attempts of the step used."""

    output: Value
    turns: int
    usage: Usage


class Memo(Protocol):
    """What happened already. With it a replay after a crash asks no model and runs no command again.

    Keys are `<step key>/turn:<n>` for a model's reply and `<step key>/turn:<n>/call:<i>` for a tool's result.
    A turn that wrote ends with `checkpoint`. A resumed run starts at the tree of the last one, and a memo that is
    opened again has forgotten the results of a last turn without one: it never knows of a change that this tree does
    not hold.
    """

    async def recall(self, key: str, input_hash: Digest) -> Any | None:
        """The value kept under this key, or None. May raise where it was kept for another input."""
        ...

    async def keep(
        self, key: str, input_hash: Digest, value: Any, usage: Usage | None = None, model: str | None = None
    ) -> None:
        """Keep a JSON value; `usage` and `model` are given for a reply that was paid for."""
        ...

    async def checkpoint(self, key: str) -> None:
        """Save the tree: the turn of this key has written to it."""
        ...

    def interrupted(self) -> None:
        """Raise Cancelled, Drained or LeaseLost where the work shall stop. Called between turns."""
        ...
