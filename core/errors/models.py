"""What models do not give, or cost too much for."""

from core.errors.base import BotError


class ModelUnavailable(BotError):
    """The model's service does not answer, refuses the key, or does not know the model."""

    code = "model-unavailable"

    def remedy(self) -> str:
        return "The operator should check PULLWRIGHT_MODEL, its key and its address, then comment `/retry`."


class ModelAway(ModelUnavailable):
    """The model's service may answer the same request a little later: it is overloaded, broken or out of reach."""

    retryable = True


class ModelConfused(BotError):
    """The model answered, but not in the form it was asked for, again and again."""

    code = "model-confused"

    def remedy(self) -> str:
        return "Comment `/retry`; if it happens again, choose a model that is good at calling tools."


class BudgetSpent(BotError):
    """A limit on money, turns, tokens or time was reached."""

    code = "budget-spent"

    def remedy(self) -> str:
        return "Raise the limit in `.github/pullwright.yml`, or describe a smaller task, then comment `/retry`."


class MoneySpent(BudgetSpent):
    """The run and its parts may pay for nothing more: it waits until somebody lets it."""
