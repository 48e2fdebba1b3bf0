"""Text from outside, made fit for a prompt: what a reader would not see is gone, and its end cannot be forged.

`untrusted()` is the one way for such text into a prompt. It is a pure function of its arguments, so that a replay
renders the same prompt.
"""

import hashlib
import re

from prompts.visible import plain, revealed, visible

LIMIT = 20_000
"""Characters of one text that a prompt carries, unless told otherwise."""
_SOURCE_LIMIT = 200


def untrusted(text: str, source: str, *, verbatim: bool = False, limit: int = LIMIT) -> str:
    """The text between two marks that name its source and that the text cannot contain.

    Markdown (the default) loses what GitHub does not show. `verbatim` is for files and the output of commands: nothing
    is lost, but invisible characters are spelled out (`⟨U+200B⟩`). What is longer than `limit` loses its middle.
    """
    shown = elided((revealed(text) if verbatim else visible(text)).rstrip("\n"), limit)
    label = re.sub(r'[<>"\s]+', " ", plain(source)).strip()[:_SOURCE_LIMIT]
    mark = _mark(label, shown)
    return f'<untrusted-{mark} source="{label}">\n{shown}\n</untrusted-{mark}>'


def elided(text: str, limit: int) -> str:
    """The text, or its beginning and its end with one line between them that says how much is missing."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    return f"{text[:head]}\n[… {len(text) - head - tail:,} characters left out …]\n{text[-tail:]}"


def _mark(label: str, text: str) -> str:
    """Sixteen hexadecimal digits that do not occur in the text. They hang on all of it: no text can foresee its own."""
    for attempt in range(1_000):
        mark = hashlib.sha256(f"{attempt}\0{label}\0{text}".encode("utf-8", "replace")).hexdigest()[:16]
        if mark not in text.lower():
            return mark
    raise AssertionError("a text cannot contain a thousand digests of itself")
