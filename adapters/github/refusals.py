"""What an unhappy answer means: one error of ours for each, so that callers never look at a status.

A limit arrives as 429 or as 403, with `retry-after`, with an exhausted `x-ratelimit-remaining`, or with words alone;
all of them are RateLimited, and so is a server that is away and says until when. `asked_pause` is what an answer of
any kind asks for. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import gidgethub
from gidgethub import sansio

from adapters.github.answers import Answer
from adapters.github.credentials import Credential, sayable
from core.errors import (
    AppRefused,
    BotError,
    ConversationLocked,
    GitHubRefused,
    GitHubUnavailable,
    InstallationSuspended,
    NotThere,
    PermissionMissing,
    RateLimited,
)

UNSAID_LIMIT_SECONDS = 60.0
"""How long to wait where GitHub names a limit but no time."""

LONGEST_PAUSE_SECONDS = 86_400.0
"""Whoever asks for more than a day (a broken proxy, a wrong clock) is asked again after a day."""

_LIMIT_WORDS = ("rate limit", "abuse detection")
_LOCKED_WORDS = ("issue is locked", "conversation is locked")
"""GitHub counts no App among the collaborators, who may go on speaking where a conversation is locked.
https://docs.github.com/en/communities/moderating-comments-and-conversations/locking-conversations"""
_PERMISSION_WORDS = ("not accessible", "permission", "must have ")


class CredentialRefused(AppRefused):
    """GitHub answered 401: the token is expired or revoked, or the App's statement is not believed."""


def error_of(answer: Answer, asked: str, credential: Credential, now: datetime) -> BotError | None:
    """What the answer to `asked` (method and path, for people) means; None where it is a success."""
    if answer.status in {200, 201, 202, 204}:
        return None
    said = sayable(_message(answer), credential)
    about = f"GitHub answered {answer.status} to {asked}: {said}"
    if _is_limit(answer, said):
        seconds = _wait_seconds(answer.headers, now)
        return RateLimited(f"GitHub limits us for {seconds:.0f} s at {asked}: {said}", seconds)
    if answer.status >= 500 or answer.status == 408:
        return GitHubUnavailable(about)
    if answer.status == 401:
        return CredentialRefused(about)
    if answer.status == 403:
        return _forbidden(about, said, answer.headers)
    if answer.status in {404, 410}:
        return NotThere(about)
    return GitHubRefused(about, answer.status)


def asked_pause(answer: Answer, now: datetime) -> float:
    """The seconds for which an answer, a success too, asks us to send nothing more; 0 where it asks for nothing."""
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return _wait_seconds(answer.headers, now) if spent or "retry-after" in answer.headers else 0.0


def graphql_error(errors: Any, asked: str, credential: Credential) -> BotError:
    """What the `errors` of a GraphQL answer mean; its status is 200 all the same."""
    listed = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    said = sayable("; ".join(str(each.get("message", "")) for each in listed) or "no reason given", credential)
    kinds = {str(each.get("type", "")) for each in listed}
    about = f"GitHub refused {asked}: {said}"
    if "RATE_LIMITED" in kinds or _speaks_of(said, _LIMIT_WORDS):
        return RateLimited(about, UNSAID_LIMIT_SECONDS)
    if "FORBIDDEN" in kinds or "INSUFFICIENT_SCOPES" in kinds:
        return PermissionMissing(about)
    if "NOT_FOUND" in kinds:
        return NotThere(about)
    if "INTERNAL" in kinds or "SERVICE_UNAVAILABLE" in kinds:
        return GitHubUnavailable(about)
    return GitHubRefused(about)


def _message(answer: Answer) -> str:
    """GitHub's sentence, with the fields it names. gidgethub words it; what it cannot read is told as such."""
    try:
        sansio.decipher_response(answer.status, answer.headers, answer.body)
    except gidgethub.BadRequestUnknownError:
        pass
    except gidgethub.HTTPException as error:
        return str(error)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return "no reason that we can read"


def _is_limit(answer: Answer, said: str) -> bool:
    if answer.status == 429:
        return True
    if answer.status >= 500:
        return "retry-after" in answer.headers
    if answer.status != 403:
        return False
    exhausted = answer.headers.get("x-ratelimit-remaining") == "0"
    return exhausted or "retry-after" in answer.headers or _speaks_of(said, _LIMIT_WORDS)


def _wait_seconds(headers: Mapping[str, str], now: datetime) -> float:
    after = _number(headers.get("retry-after"))
    if after is not None:
        return min(after, LONGEST_PAUSE_SECONDS)
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is not None and headers.get("x-ratelimit-remaining") == "0":
        return min(max(reset - now.timestamp(), 0.0), LONGEST_PAUSE_SECONDS)
    return UNSAID_LIMIT_SECONDS


def _forbidden(about: str, said: str, headers: Mapping[str, str]) -> BotError:
    if _speaks_of(said, ("suspended",)):
        return InstallationSuspended(about)
    if _speaks_of(said, _LOCKED_WORDS):
        return ConversationLocked(about, 403)
    if _speaks_of(said, _PERMISSION_WORDS):
        needed = headers.get("x-accepted-github-permissions", "")
        return PermissionMissing(f"{about} (it needs `{needed}`)" if needed.isascii() and needed else about)
    return GitHubRefused(about, 403)


def _speaks_of(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said.lower() for word in words)


def _number(text: str | None) -> float | None:
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return float(text)
