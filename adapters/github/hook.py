"""The App's own webhook: what GitHub tried to hand over, and the wish that it tries again.

GitHub never repeats a failed delivery by itself.
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime
from yarl import URL

from adapters.github.answers import Answer
from adapters.github.credentials import Credential
from adapters.github.parse import Edge, parsed
from adapters.github.refusals import CredentialRefused
from adapters.github.requests import Requests
from adapters.github.tokens import app_unknown, statement_refused
from core.errors import GitHubUnavailable, NotThere

KEPT = timedelta(days=3)
"""How long GitHub remembers an attempt and can repeat it."""
PAGE = 100
MOST_PAGES = 1_000


class Attempt(Edge):
    """One attempt at a delivery. Attempts at the same delivery share its GUID."""

    id: int
    guid: str
    delivered_at: AwareDatetime
    event: str
    redelivery: bool = False


class Hook:
    """The deliveries of one App, asked for in its own name."""

    def __init__(self, requests: Requests, statement: Callable[[], Credential], app_id: str | int) -> None:
        self._requests = requests
        self._statement = statement
        self._app_id = app_id

    async def log(self) -> AsyncIterator[list[Attempt]]:
        """Every attempt that GitHub remembers, newest first, a page at a time: stop when you have seen enough.

        Raises NotThere where the server has no such list, AppRefused where it does not believe us.
        """
        address = self._requests.address("/app/hook/deliveries", query={"per_page": PAGE})
        for _ in range(MOST_PAGES):
            answer = await self._read(address)
            yield _attempts(answer.json())
            if "next" not in answer.links:
                return
            address = self._requests.linked(answer.links["next"])

    async def ask_again(self, attempt_id: int) -> None:
        """Ask for another attempt, which GitHub makes a moment later. NotThere where it is too old.

        A second wish makes a second attempt and does no harm, so that the asking is repeated like a read.
        """
        address = self._requests.address("/app/hook/deliveries/{id}/attempts", {"id": attempt_id})
        await self._requests.make(address, self._statement(), {})

    async def _read(self, address: URL) -> Answer:
        try:
            return await self._requests.read(address, self._statement())
        except CredentialRefused as error:
            raise statement_refused(error, self._app_id) from None
        except NotThere as error:
            raise app_unknown(error, self._app_id) or error from None


def _attempts(sent: Any) -> list[Attempt]:
    if not isinstance(sent, list):
        raise GitHubUnavailable("GitHub sent something we cannot read: the deliveries are not a list.")
    return [parsed(Attempt, each, "a delivery") for each in sent]
