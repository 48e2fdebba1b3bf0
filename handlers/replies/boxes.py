"""The boxes under what waits for somebody: on a phone a tick is quicker than a command.

Only code writes these lines, as the last ones of a comment, and what one ticks is told by the very line.
"""

import re
from collections.abc import Sequence

from core.digests import SHOWN, short
from core.names import Digest
from core.runs import SignalKind
from handlers.neutralise import line
from handlers.replies.words import block

REJECT_BOX = "- [ ] Reject it"
_APPROVE = re.compile(rf"- \[ \] Approve `([0-9a-f]{{{SHOWN}}})`")


def approve_box(digest: Digest) -> str:
    """The line whose tick approves exactly this. No model can write it: the digest covers what a model wrote."""
    return f"- [ ] Approve `{short(digest)}`"


def boxes(digest: Digest) -> str:
    """To be ticked instead of writing a command."""
    return f"{approve_box(digest)}\n{REJECT_BOX}"


def approves(row: str) -> str | None:
    """What a line of `boxes()` approves; None for any other line."""
    found = _APPROVE.fullmatch(row)
    return found[1] if found else None


def box_ticked(kind: SignalKind, why_not: str | None) -> str:
    """What became of a tick; `why_not` where it counts for nothing."""
    if why_not is not None:
        return f"ticked a box. It does not count: {line(why_not, 500)}"
    return "approved this." if kind is SignalKind.approve else "rejected this."


def box_is_stale() -> str:
    """A tick in a comment that waits for nobody any more."""
    return "That box is out of date, so ticking it did nothing. `/status` shows where the run stands."


def with_ticks(body: str, ticks: Sequence[tuple[str, str]], *, waits: bool) -> str:
    """Our words again, with who ticked what under them; the boxes only while somebody is `waits`-ed for.

    Each of `ticks` is a login and what became of it, in words of ours.
    """
    if not waits:
        body = "\n".join(row for row in body.split("\n") if row != REJECT_BOX and approves(row) is None)
    return block(body.rstrip(), "\n".join(f"> @{login} {became}" for login, became in ticks))
