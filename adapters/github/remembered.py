"""Answers that GitHub confirms with 304: asking again for what did not change costs nothing of the hour's requests.

Only GitHub says whether an answer still holds, and for whom: each is asked for again, with the credential of the
moment, and one installation never sees another's. https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from collections import OrderedDict

from adapters.github.answers import Answer

MOST_BYTES = 8 * 1024 * 1024
LARGEST_BYTES = 512 * 1024
"""Of one answer: a longer one is not remembered."""

Key = tuple[str, str, str]
"""Whose request it was, its address, and the form that was asked for."""


class Remembered:
    """The answers of one process that were asked for last, of at most MOST_BYTES."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0

    def tag(self, key: Key) -> str | None:
        """What GitHub called the answer that is remembered; it goes into `If-None-Match`."""
        known = self._answers.get(key)
        return known.headers["etag"] if known is not None else None

    def settled(self, key: Key, answer: Answer) -> Answer:
        """The answer in full: the remembered one where GitHub says that it holds still. A new one is remembered."""
        if answer.status == 304:
            if key not in self._answers:
                return answer
            self._answers.move_to_end(key)
            return self._answers[key]
        self._forget(key)
        if answer.status == 200 and answer.whole and "etag" in answer.headers and len(answer.body) <= LARGEST_BYTES:
            self._answers[key] = answer
            self._bytes += len(answer.body)
            while self._bytes > MOST_BYTES:
                self._forget(next(iter(self._answers)))
        return answer

    def _forget(self, key: Key) -> None:
        if known := self._answers.pop(key, None):
            self._bytes -= len(known.body)
