"""Whether an `if:` of a workflow can hold on what the bot does, with three answers: yes, no, and nobody can tell.

Only what is surely false keeps a job from being counted. The language is that of
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions: texts compare without regard to case,
and a condition that is only partly wrapped in `${{ }}` is a text, hence always true.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from policies.exposure_yaml import Plain

MOST_CHARACTERS = 2_000
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\*))*)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[!<>()\[\],]))"
)
_WHOLE = re.compile(r"\$\{\{((?:(?!\$\{\{|\}\}).)*)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that nobody can tell beforehand; where it is a text, what it surely begins with."""

    begins: str = ""


@dataclass(frozen=True, slots=True)
class Neutral:
    """A comment of the bot's own. None begins with a slash: a command of another bot is taken out of its words there
    (`handlers.neutralise`). Further inside anything may stand."""


Value: TypeAlias = "str | bool | float | Unknown | Neutral | None"
Known = Mapping[str, Value]
"""What is known of the contexts, by lower-case name such as `github.ref`."""

UNKNOWN = Unknown()


def surely_false(condition: Plain, known: Known) -> bool:
    """Whether this `if:` never holds. What cannot be read may hold."""
    if condition is None or not isinstance(condition, str) or len(condition) > MOST_CHARACTERS:
        return False
    text = condition.strip()
    if "${{" in text:
        if (whole := _WHOLE.fullmatch(text)) is None:
            return False
        text = whole[1]
    try:
        reader = _Reader(_tokens(text), known)
        value = reader.any_of()
        return reader.done and _truth(value) is False
    except (_Unread, RecursionError):
        return False


class _Unread(Exception):
    """The condition is none that we can read."""


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _Unread
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Reader:
    """Reads and evaluates in one go; every part is evaluated, since none of them does anything."""

    def __init__(self, tokens: Sequence[tuple[str, str]], known: Known) -> None:
        self._tokens = tokens
        self._known = known
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def any_of(self) -> Value:
        value = self._all_of()
        while self._sign("||"):
            other = self._all_of()
            truth = _truth(value)
            value = value if truth else other if truth is False else (True if _truth(other) else UNKNOWN)
        return value

    def _all_of(self) -> Value:
        value = self._compared()
        while self._sign("&&"):
            other = self._compared()
            truth = _truth(value)
            value = other if truth else value if truth is False else (False if _truth(other) is False else UNKNOWN)
        return value

    def _compared(self) -> Value:
        value = self._one()
        for sign in ("==", "!=", "<=", ">=", "<", ">"):
            if self._sign(sign):
                other = self._one()
                same = _equal(value, other) if sign in {"==", "!="} else None
                return UNKNOWN if same is None else same == (sign == "==")
        return value

    def _one(self) -> Value:
        if self._sign("!"):
            truth = _truth(self._one())
            return UNKNOWN if truth is None else not truth
        if self._sign("("):
            value = self.any_of()
            self._need(")")
        else:
            value = self._plain()
        while self._sign("["):
            self.any_of()
            self._need("]")
            value = UNKNOWN
        return value

    def _plain(self) -> Value:
        if self.done:
            raise _Unread
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        if kind != "word":
            raise _Unread
        if self._sign("("):
            return self._called(text.lower())
        constants: dict[str, Value] = {"true": True, "false": False, "null": None}
        return constants.get(text.lower(), self._known.get(text.lower(), UNKNOWN))

    def _called(self, name: str) -> Value:
        given: list[Value] = []
        if not self._sign(")"):
            given.append(self.any_of())
            while self._sign(","):
                given.append(self.any_of())
            self._need(")")
        if name in {"contains", "startswith", "endswith"} and len(given) == 2:
            found = _within(name, given[0], given[1])
            return UNKNOWN if found is None else found
        return UNKNOWN

    def _sign(self, sign: str) -> bool:
        if not self.done and self._tokens[self._at] == ("sign", sign):
            self._at += 1
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._sign(sign):
            raise _Unread


def _truth(value: Value) -> bool | None:
    if isinstance(value, Unknown | Neutral):
        return None
    return bool(value)


def _equal(one: Value, other: Value) -> bool | None:
    if isinstance(other, Unknown | Neutral):
        one, other = other, one
    if isinstance(one, Neutral):
        return False if isinstance(other, str) and other.startswith("/") else None
    if isinstance(one, Unknown):
        if one.begins and isinstance(other, str) and not other.lower().startswith(one.begins.lower()):
            return False
        return None
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if isinstance(one, bool) and isinstance(other, bool):
        return one == other
    return None  # GitHub would turn both into numbers


def _within(name: str, whole: Value, part: Value) -> bool | None:
    """What `contains`, `startsWith` and `endsWith` say of a text; None where nobody can tell."""
    if not isinstance(part, str):
        return None
    if isinstance(whole, Neutral):
        return False if name == "startswith" and part.startswith("/") else None
    if isinstance(whole, Unknown):
        begins = whole.begins.lower()
        if name != "startswith" or not begins:
            return None
        return True if begins.startswith(part.lower()) else None if part.lower().startswith(begins) else False
    if not isinstance(whole, str):
        return None
    text, sought = whole.lower(), part.lower()
    return {"contains": sought in text, "startswith": text.startswith(sought), "endswith": text.endswith(sought)}[name]
