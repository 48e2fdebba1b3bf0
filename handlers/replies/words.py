"""Small words that several replies share."""

from collections.abc import Sequence
from decimal import Decimal

from core.digests import short
from core.names import Digest
from handlers.neutralise import code


def money(usd: Decimal | float | None) -> str:
    """Dollars and cents, and the parts of a cent where there is no whole one.

    What has no known price is said to be unpriced: that is not the same as free.
    """
    if usd is None:
        return "unpriced"
    return f"${usd:.4f}" if 0 < usd < 0.01 else f"${usd:.2f}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def paths(names: Sequence[str], shown: int = 40) -> list[str]:
    """Paths as list items, the first ones by name and the rest by number."""
    items = [f"- {code(name)}" for name in names[:shown]]
    return items if len(names) <= shown else [*items, f"- and {len(names) - shown} more"]


def approve_how(digest: Digest) -> str:
    """What to type to approve exactly this content."""
    return f"To approve exactly this, comment `/approve {short(digest)}`. To stop, comment `/reject` with a reason."


def block(*paragraphs: str) -> str:
    """Paragraphs with one empty line between them; empty ones are left out."""
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
