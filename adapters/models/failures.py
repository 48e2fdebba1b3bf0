"""What went wrong with a call, said in a sentence that never holds a key.

litellm gives one class (`InternalServerError`) to a dead port, an error of the server and a reply that makes no sense;
what happened is read from the exceptions below it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.models.litellm_library import preload
from core.errors import BotError, BudgetSpent, ModelAway, ModelConfused, ModelUnavailable

_EXCERPT = 300
_REFUSED = frozenset({401, 403})
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Failure:
    """`passes`: the same request may succeed a moment later."""

    error: BotError
    passes: bool


def failure(raised: BaseException, *, model: str, key: str | None, seconds: float) -> Failure:
    """What an exception of litellm means."""
    litellm = preload()
    chain = list(_chain(raised))
    # The address is not named: what is said here is read on GitHub, and it may be a private one.
    service = f"the service of the model `{model}`"
    status = _status(chain)
    if isinstance(raised, litellm.ContextWindowExceededError):
        return Failure(BudgetSpent(f"The conversation is longer than the model `{model}` can read."), passes=False)
    if isinstance(raised, litellm.Timeout) and status is None:
        return Failure(ModelAway(f"No answer within {seconds:.0f} seconds from {service}."), passes=True)
    if status is not None:
        return _answered(raised, status, model=model, service=service, key=key)
    if _is_unreachable(chain):
        return Failure(ModelAway(f"Cannot reach {service}."), passes=True)
    if isinstance(raised, litellm.AuthenticationError) or _lacks_key(chain):
        return Failure(ModelUnavailable(f"There is no key for {service}: set PULLWRIGHT_MODEL_API_KEY."), passes=False)
    if isinstance(raised, litellm.UnsupportedParamsError):
        return Failure(ModelUnavailable(f"The model `{model}` cannot call tools."), passes=False)
    if isinstance(raised, litellm.BadRequestError):
        return Failure(
            ModelUnavailable(
                f"There is no provider for the model `{model}`: its name must begin with one, as in `openai/…`."
            ),
            passes=False,
        )
    return Failure(nonsense(model, _excerpt(raised, key)), passes=True)


def nonsense(model: str, said: str) -> ModelConfused:
    return ModelConfused(f"The model `{model}` gives replies that are not chat completions.", evidence=said)


def _answered(raised: BaseException, status: int, *, model: str, service: str, key: str | None) -> Failure:
    """The service answered with an error. What it says about a key is not repeated: it may quote it."""
    litellm = preload()
    if status in _REFUSED:
        return Failure(ModelUnavailable(f"The key is refused by {service} ({status})."), passes=False)
    if isinstance(raised, litellm.NotFoundError):
        return Failure(ModelUnavailable(f"The model `{model}` is not known to its service (404)."), passes=False)
    if status == _TOO_MANY:
        return Failure(ModelAway(f"Too many requests, or no quota left, at {service} (429)."), passes=True)
    if status >= 500:
        return Failure(ModelAway(f"An error of {service} ({status})."), passes=True)
    said = _excerpt(raised, key)
    return Failure(ModelUnavailable(f"The request is refused by {service} ({status}): {said}"), passes=False)


def _chain(raised: BaseException) -> Iterator[BaseException]:
    """The exception and what lies below it, the nearest to what happened last."""
    seen: set[int] = set()
    current: BaseException | None = raised
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _status(chain: list[BaseException]) -> int | None:
    """The HTTP status that the service really sent: litellm's own exceptions carry invented ones."""
    import httpx
    import openai

    for one in chain:
        if isinstance(one, httpx.HTTPStatusError):
            return one.response.status_code
        if isinstance(one, openai.APIStatusError) and type(one).__module__.startswith("openai"):
            return one.status_code
    return None


def _is_unreachable(chain: list[BaseException]) -> bool:
    import httpx

    return any(isinstance(one, httpx.TransportError | ConnectionError) for one in chain)


def _lacks_key(chain: list[BaseException]) -> bool:
    import openai

    return any(type(one) is openai.OpenAIError for one in chain)


def _excerpt(raised: BaseException, key: str | None) -> str:
    """What the service said, on one line and without the key. litellm puts two class names before it."""
    said = str(raised).rpartition("Exception - ")[2]
    return " ".join((said.replace(key, "[key]") if key else said).split())[:_EXCERPT]
