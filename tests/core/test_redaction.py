"""Redaction: secrets that are known, in every spelling, and credentials by their shape; nothing else."""

import base64
import json
import time
from urllib.parse import quote

import pytest

from core.effects import MergePull, OpenPull, PostComment, PushBranch, worded
from core.names import Sha
from core.redaction import OWN, Redactor, without_credentials

TOKEN = "ghs_" + "a1B2" * 9
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "\n".join(letter * 64 for letter in "ABCD")
    + "\nshort==\n-----END RSA PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"token {TOKEN}", "token [redacted]"),
        ("ghs_12345_" + "eyJhbGciOi.J9.abc-" * 30, "[redacted]"),
        ("github_pat_" + "A1_b" * 10, "[redacted]"),
        (f"line\\n{TOKEN}", "line\\n[redacted]"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl", "[redacted]"),
        ("Bearer eyJ4NWMi" + "MIIC" * 1_000 + ".eyJpc3MiOiIxIn0.c2lnbmF0dXJl", "Bearer [redacted]"),
        ("Authorization: Bearer abcdef.123", "Authorization: Bearer [redacted]"),
        ("authorization: token abcdef", "authorization: [redacted]"),
        ("key sk-ant-api03-abcdefghijklmnop", "key [redacted]"),
        ("AKIA" + "Q" * 16, "[redacted]"),
        ("xoxb-123456789012-abcdef", "[redacted]"),
        ("https://hooks.slack.com/services/T000/B000/" + "x" * 24, "https://hooks.slack.com/services/[redacted]"),
        ("git clone https://x-access-token:abc123@github.com/o/r", "git clone https://[redacted]@github.com/o/r"),
        ("https://x.test/?a=1&password=hunter2&b=2", "https://x.test/?a=1&password=[redacted]&b=2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[redacted]"),
        (KEY, "[redacted]\n"),
        (KEY[:120], "[redacted]"),
        ("key: |\n  " + KEY.replace("\n", "\n  "), "key: |\n  [redacted]\n  "),
        (json.dumps({"key": KEY, "and": "more"}), '{"key": "[redacted]\\\\n", "and": "more"}'.replace("\\\\", "\\")),
    ],
)
def test_what_looks_like_a_credential_is_hidden(said: str, shown: str) -> None:
    assert Redactor().text(said) == without_credentials(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "the bearer of news",
        "https://github.com/o/r:8080/x@y",
        "A file that begins with `-----BEGIN RSA PRIVATE KEY-----` must not be committed.",
        "the class sk-folding-cube-container",
        "task-1234567890123456789",
        "a" * 40,
        "https://x.test/?page=2&tokens=3",
        "set PULLWRIGHT_MODEL_API_KEY",
    ],
)
def test_what_only_resembles_one_stays(said: str) -> None:
    assert without_credentials(said) == said


@pytest.mark.parametrize(
    "spelled",
    [
        "p&ss wörd/1",
        quote("p&ss wörd/1", safe=""),
        json.dumps("p&ss wörd/1")[1:-1],
        base64.b64encode("x-access-token:p&ss wörd/1".encode()).decode(),
    ],
)
def test_a_known_secret_is_hidden_in_every_spelling(spelled: str) -> None:
    assert Redactor("p&ss wörd/1").exact(f"a {spelled} b") == "a [redacted] b"


def test_each_line_of_a_known_key_is_a_secret() -> None:
    redactor = Redactor(KEY)
    assert redactor.exact(f"> {'A' * 64}\n> {'B' * 64}") == "> [redacted]\n> [redacted]"
    assert (
        redactor.exact("short== and -----BEGIN RSA PRIVATE KEY-----") == "short== and -----BEGIN RSA PRIVATE KEY-----"
    )


def test_of_two_secrets_the_longer_is_hidden_whole_and_a_short_one_only_as_a_word() -> None:
    redactor = Redactor("s3cr3t", "s3cr3t-value", "abc")
    assert redactor.text("s3cr3t-value s3cr3t s3cr3ts abc") == "[redacted] [redacted] s3cr3ts abc"


def test_what_is_learned_later_is_hidden_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.exact("made-later") == "made-later"
    redactor.learn("made-later")
    assert redactor.value({"a": ["made-later", 1, None], "made-later": OSError("made-later")}) == {
        "a": ["[redacted]", 1, None],
        "[redacted]": "[redacted]",
    }


def test_what_is_learned_after_a_secret_was_hidden_is_hidden_beside_it() -> None:
    redactor = Redactor("known-first")
    assert redactor.exact("known-first made-later") == "[redacted] made-later"
    redactor.learn("made-later")
    assert redactor.exact("known-first made-later") == "[redacted] [redacted]"
    assert redactor.exact("neither") == "neither"


def test_json_stays_json() -> None:
    redactor = Redactor('quo"te-1')
    assert json.loads(redactor.json(json.dumps({"a": ['quo"te-1 b', TOKEN]}))) == {"a": ["[redacted] b", "[redacted]"]}
    assert redactor.json('{"spaces":  1}') == '{"spaces":  1}', "what holds no secret is not written anew"
    assert redactor.json(f"no json {TOKEN}") == "no json [redacted]"


def test_what_is_found_is_named() -> None:
    found = Redactor("mine-and-mine").found(f"mine-and-mine {TOKEN} AKIA{'Q' * 16}\n{KEY}")
    assert sorted(found.values()) == sorted([OWN, "a GitHub token", "a private key"])


def test_an_acts_words_change_and_nothing_else() -> None:
    def loud(text: str) -> str:
        return text.upper()

    assert worded(PostComment(number=1, body="a"), loud) == PostComment(number=1, body="A")
    pull = OpenPull(branch="b", base="main", title="t", body="c", draft=True)
    assert worded(pull, loud) == OpenPull(branch="b", base="main", title="T", body="C", draft=True)
    for same in (
        PushBranch(branch="b", sha=Sha("1" * 40), expected=None),
        MergePull(number=1, sha=Sha("1" * 40), method="squash", title="approved", message="as it stands"),
    ):
        assert worded(same, loud) is same


@pytest.mark.parametrize(
    "hostile",
    [
        "-----BEGIN PRIVATE KEY-----" * 3_000,
        "-----BEGIN PRIVATE KEY-----\n" + "A " * 50_000,
        "ghp_" * 25_000,
        "eyJaaaaaa." * 10_000,
        "://" * 30_000,
        "sk-" * 30_000,
        "bearer " * 15_000,
        "a:" * 50_000 + "@",
    ],
)
def test_no_text_takes_long(hostile: str) -> None:
    began = time.process_time()
    Redactor("a-known-secret").text(hostile)
    assert time.process_time() - began < 2


def test_beginnings_of_tokens_without_an_end_take_no_time():
    began = time.process_time()
    without_credentials("-eyJaaaaaa" * 20_000)
    assert time.process_time() - began < 2
