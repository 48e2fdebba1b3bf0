"""What acts even as code: the one place that says how it is made harmless.

GitHub reads no code in a comment. But a merge may make a commit message of a pull request's text, and there no code
keeps anything from acting.
"""

import re

MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])")
SKIP = re.compile(
    r"\[(\s*+(?:(?:skip|no)[ _-]{1,40}\w{1,40}|\w{1,40}?[ _-]{1,40}skip)\s*+)\]",
    re.IGNORECASE,
)
"""Bounded: an underscore is of a word and between words, so that a long row of them could be cut in many ways."""
NO_CI = re.compile(r"\*\*\*(?=no_ci\*\*\*)", re.IGNORECASE)
OPENING = re.compile(r"<(?=!--)")
"""Even in code: a marker of ours counts wherever it stands in a comment that we wrote."""
_CLOSING = re.compile(
    r"(\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b[\s:*_~`\\\[\](\"']{0,100}+(?:[\w.-]{1,100}/[\w.-]{1,100})?)"
    r"(?:(#)(?=[0-9])|(GH)-(?=[0-9])|(https?):(?=//))",
    re.IGNORECASE,
)


def inert(text: str) -> str:
    """The text without mentions, closing keywords, marks that skip CI, and HTML comments; all else stays as it is."""
    harmless = OPENING.sub("＜", MENTION.sub("＠", text))
    return closing_nothing(NO_CI.sub("＊＊＊", SKIP.sub(r"［\1］", harmless)))


def closing_nothing(text: str) -> str:
    """The text whose closing keywords name nothing."""
    return _CLOSING.sub(_closing, text)


def _closing(found: re.Match[str]) -> str:
    before, number_sign, short, scheme = found.groups()
    if number_sign:
        return f"{before}＃"
    return f"{before}{short}－" if short else f"{before}{scheme}："
