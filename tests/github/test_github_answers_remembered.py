"""What did not change is asked for with its ETag, costs nothing of the hour, and is never another installation's."""

from yarl import URL

from adapters.github.answers import Answer
from adapters.github.remembered import LARGEST_BYTES, MOST_BYTES, Remembered

KEY = ("installation:9", str(URL("https://api.github.com/repos/octo/hello")), "application/json")
CONFIRMED = Answer(304, {}, b"")


def told(body: bytes = b"{}", tag: str = '"1"', *, whole: bool = True) -> Answer:
    return Answer(200, {"etag": tag}, body, whole)


def test_an_answer_that_github_confirms_is_given_in_full() -> None:
    known = Remembered()
    known.settled(KEY, told(b'{"a": 1}'))
    first = known.of(KEY)
    assert first is not None
    assert first.headers["etag"] == '"1"'
    assert known.settled(KEY, CONFIRMED, first).body == b'{"a": 1}'


def test_what_is_confirmed_is_what_was_asked_about_though_another_request_was_answered_otherwise_meanwhile() -> None:
    known = Remembered()
    first = known.settled(KEY, told(b'{"a": 1}'))
    for meanwhile in (Answer(502, {}, b""), told(b'{"a": 2}', '"2"')):
        known.settled(KEY, meanwhile)
        assert known.settled(KEY, CONFIRMED, first) is first


def test_a_confirmation_that_nobody_asked_for_is_no_answer() -> None:
    assert Remembered().settled(KEY, CONFIRMED) is CONFIRMED


def test_another_installation_or_form_is_asked_for_without_a_tag() -> None:
    known = Remembered()
    known.settled(KEY, told())
    assert known.of(("installation:10", *KEY[1:])) is None
    assert known.of((*KEY[:2], "application/vnd.github.raw+json")) is None


def test_what_is_refused_or_cut_off_or_too_long_is_not_remembered() -> None:
    known = Remembered()
    for answer in (Answer(404, {"etag": '"2"'}, b"{}"), told(whole=False), told(b"x" * (LARGEST_BYTES + 1))):
        known.settled(KEY, told())
        known.settled(KEY, answer)
        assert known.of(KEY) is None


def test_the_memory_is_bounded_and_forgets_what_was_asked_for_longest_ago() -> None:
    known, body = Remembered(), b"x" * LARGEST_BYTES
    keys = [("installation:9", str(number), "") for number in range(MOST_BYTES // LARGEST_BYTES + 1)]
    for key in keys[:-1]:
        known.settled(key, told(body))
    known.settled(keys[0], CONFIRMED, known.of(keys[0]))
    known.settled(keys[-1], told(body))
    assert [key for key in keys if known.of(key) is None] == [keys[1]]
