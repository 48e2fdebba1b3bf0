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

    def of(self, key: Key) -> Answer | None:
        """What is remembered. GitHub's name for it, its etag, goes into `If-None-Match`."""
        return self._answers.get(key)

    def settled(self, key: Key, answer: Answer, asked_with: Answer | None = None) -> Answer:
        """The answer in full: the one that GitHub was asked to confirm where it does. A new one is remembered.

        Another request for the same may have been answered meanwhile, with an error even, and what is remembered have
        changed: a 304 is about the answer that its own request was `asked_with`.
        """
        if answer.status == 304 and asked_with is not None:
            if key in self._answers:
                self._answers.move_to_end(key)
            return asked_with
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
