"""Redaction: text without the secrets of this service, and without what looks like a credential of anybody.

`Redactor` knows this process's own secrets by value; `without_credentials()` knows the shapes of everybody's. Both
change words only: nothing that is decided, matched or hashed may be computed from what they return, unless that is
also what is stored and shown.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

HIDDEN = "[redacted]"
OWN = "a secret of this service"
"""How `found()` calls what is known by value."""

_SHORTEST_SECRET = 4
"""Hiding a shorter value would hide ordinary words."""
_SHORTEST_PART = 8
"""A shorter secret is hidden only where it stands as a whole word."""
_SHORTEST_LINE = 16
"""Of a secret of several lines each line from this length on is a secret too: text is wrapped anew and quoted."""
_DEEPEST = 20

_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"
"""Where a word begins, also behind an escaped line end."""
_BREAK = r"(?:\\+[nrt]|[\s>|\"',])"
"""What stands between the lines of a key: line ends, also escaped ones, quotes, indentation."""
_SURE = {
    "a private key": re.compile(
        rf"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:{_BREAK}*+(?:Proc-Type|DEK-Info): ?[^\s\\]++)*+"
        rf"(?:{_BREAK}*+[A-Za-z0-9+/=]{{4,}}+)++(?:{_BREAK}*+-----END [A-Z0-9 ]*PRIVATE KEY-----)?"
    ),
    "a GitHub token": re.compile(rf"{_START}(?:gh[pousr]_[A-Za-z0-9._-]{{16,}}|github_pat_[A-Za-z0-9_]{{20,}})"),
}
"""Shapes that nothing else has."""
_LIKELY = (
    # Every start within a run of such characters is looked at, so only one that begins the run may be of any length.
    re.compile(
        rf"(?:(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{{6,}}|{_START}eyJ[A-Za-z0-9_-]{{6,2000}})"
        r"\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*"
    ),
    re.compile(rf"{_START}(?:AKIA|ASIA)[0-9A-Z]{{16}}\b"),
    re.compile(rf"{_START}xox[a-z]-[A-Za-z0-9-]{{10,}}|(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{{20,}}"),
    re.compile(
        rf"{_START}(?:sk-(?=[A-Za-z_-]{{0,80}}[0-9])[A-Za-z0-9_-]{{16,}}|[sr]k_(?:live|test)_[A-Za-z0-9]{{16,}})"
    ),
    re.compile(
        rf"{_START}(?:glpat-[A-Za-z0-9_-]{{20,}}|npm_[A-Za-z0-9]{{36}}|pypi-[A-Za-z0-9_-]{{40,}}|AIza[A-Za-z0-9_-]{{35}})"
    ),
    re.compile(r"(?<=\bauthorization: )(?:basic|token)\s+[^\s\"',;]+", re.IGNORECASE),
    re.compile(r"(?<=\bauthorization: bearer )\s*[^\s\"',;]{6,}", re.IGNORECASE),
    re.compile(r"(?<=\bbearer )\s*(?=[^\s\"',;]*[0-9])[^\s\"',;]{6,}", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),
)
_NAMED = re.compile(
    r"([?&;](?:password|passwd|pwd|secret|client_secret|token|access_token|refresh_token|api_?key|private_token)=)"
    r"[^&\s\"'<>]+",
    re.IGNORECASE,
)
"""A parameter of a URL whose name says what it is. The name stays."""


def without_credentials(text: str) -> str:
    """The text without what has the shape of a credential: keys, tokens, passwords in URLs."""
    for pattern in (*_SURE.values(), *_LIKELY):
        text = pattern.sub(HIDDEN, text)
    return _NAMED.sub(rf"\1{HIDDEN}", text)


class Redactor:
    """Text without the secrets of this process. It learns those that come later, such as tokens made for an hour."""

    def __init__(self, *secrets: str) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these from now on, as they are and in the spellings that they take on their way."""
        known = self._known.union(*(_spellings(secret) for secret in secrets))
        if known != self._known:
            self._known, self._pattern = known, None

    def exact(self, text: str) -> str:
        """The text without the secrets that are known by value."""
        exact = self._exact(text)
        return text if exact is None else exact.sub(HIDDEN, text)

    def _exact(self, text: str) -> re.Pattern[str] | None:
        """What finds the known secrets; None where there is none to find.

        Nearly every text has none, and many a process ends before one has: the pattern is slow to compile.
        """
        if not any(secret in text for secret in self._known):
            return None
        if self._pattern is None:
            longest_first = sorted(self._known, key=lambda one: (-len(one), one))
            self._pattern = re.compile("|".join(_pattern(secret) for secret in longest_first))
        return self._pattern

    def text(self, text: str) -> str:
        """The text without those, and without what looks like a credential of anybody."""
        return without_credentials(self.exact(text))

    def value(self, value: Any, depth: int = 0) -> Any:
        """A JSON value: what JSON has no word for becomes text first, so that no `repr` slips past."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                return {self.text(str(key)): self.value(item, depth + 1) for key, item in value.items()}
            if isinstance(value, list | tuple | set | frozenset):
                return [self.value(item, depth + 1) for item in value]
        return self.text(value if isinstance(value, str) else str(value))

    def json(self, text: str) -> str:
        """A JSON text with its strings redacted; what is not JSON is redacted as it stands."""
        try:
            value = json.loads(text)
        except ValueError:
            return self.text(text)
        redacted = self.value(value)
        return text if redacted == value else json.dumps(redacted, ensure_ascii=False)

    def found(self, text: str) -> Mapping[str, str]:
        """The secrets in the text that nothing else can be, each with what it is called. Never to be shown."""
        exact = self._exact(text)
        own = {found[0]: OWN for found in exact.finditer(text)} if exact is not None else {}
        return {found[0]: name for name, pattern in _SURE.items() for found in pattern.finditer(text)} | own


def _spellings(secret: str) -> set[str]:
    """The secret as it is, in a URL, in JSON, as git's password, and each line of one that has several."""
    if len(secret) < _SHORTEST_SECRET:
        return set()
    lines = [line for line in (row.strip() for row in secret.split("\n")) if not line.startswith("-----")]
    many = {line for line in lines if len(line) >= _SHORTEST_LINE} if len(lines) > 1 else set()
    basic = base64.b64encode(f"x-access-token:{secret}".encode()).decode()
    return {secret, secret.strip(), quote(secret, safe=""), json.dumps(secret)[1:-1], basic, *many}


def _pattern(secret: str) -> str:
    whole = re.escape(secret)
    return whole if len(secret) >= _SHORTEST_PART else rf"(?<![A-Za-z0-9]){whole}(?![A-Za-z0-9])"
