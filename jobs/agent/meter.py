"""What the work has taken so far, held against its limits."""

from dataclasses import dataclass
from decimal import Decimal

from core.completions import Usage
from core.errors import BudgetSpent, MoneySpent
from jobs.agent.assignment import AgentLimits


@dataclass
class Meter:
    """Counts recorded turns too: a limit holds for the step, however often its worker was killed."""

    limits: AgentLimits
    turns: int = 0
    seconds: float = 0.0
    _input_tokens: int = 0
    _output_tokens: int = 0
    _cost_usd: Decimal = Decimal(0)
    _unpriced: bool = False
    _paid_now: Decimal = Decimal(0)

    def pay(self, usage: Usage) -> None:
        """A new reply was paid for, in this sitting and not in an earlier one."""
        self._paid_now += usage.cost_usd or 0

    def turn(self, usage: Usage, seconds: float) -> None:
        self.turns += 1
        self.seconds += seconds
        self._input_tokens += usage.input_tokens
        self._output_tokens += usage.output_tokens
        if usage.cost_usd is None:
            self._unpriced = True
        else:
            self._cost_usd += usage.cost_usd

    @property
    def usage(self) -> Usage:
        """The total. One unpriced reply makes the whole cost unknown: a part of a sum is not the sum."""
        cost = None if self._unpriced else self._cost_usd
        return Usage(input_tokens=self._input_tokens, output_tokens=self._output_tokens, cost_usd=cost)

    @property
    def turns_left(self) -> int:
        return self.limits.turns - self.turns

    def check(self) -> None:
        """Raise BudgetSpent where a limit leaves no room for another turn."""
        limits, tokens = self.limits, self._input_tokens + self._output_tokens
        if self.turns >= limits.turns:
            raise self._spent(f"{limits.turns} turns")
        if limits.cost_usd is not None and self._paid_now >= limits.cost_usd:
            raise MoneySpent(self._said(f"${limits.cost_usd:.2f}"))
        if limits.tokens is not None and tokens >= limits.tokens:
            raise self._spent(f"{limits.tokens:,} tokens")
        if self.seconds >= limits.seconds:
            raise self._spent(f"{limits.seconds:.0f} seconds")

    def _spent(self, limit: str) -> BudgetSpent:
        return BudgetSpent(self._said(limit))

    def _said(self, limit: str) -> str:
        tokens = self._input_tokens + self._output_tokens
        cost = "cost unknown" if self._unpriced else f"${self._cost_usd:.4f}"
        return (
            f"The agent reached its limit of {limit} before it handed in its work "
            f"(so far: {self.turns} turns, {tokens:,} tokens, {cost}, {self.seconds:.0f} s)."
        )
