"""Which items a `foreach` goes through, and in which order; and what is left of a conflict between two of them.

Pure: the same list and the same words always choose the same items.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.digests import canonical
from core.errors import ItemsUnusable
from core.expressions import bounded, evaluate, holds

MOST_ITEMS = 1_000
MOST_WITHIN = 10_000
"""Items of lists within lists, together: each inner list has its even share of them, whichever item comes first."""
MOST_LISTED = 10_000
"""Entries of the list itself, before `where`, `sort` and `limit` have a say."""
MOST_BYTES = 64 * 1024
"""Of one item, and of what is collected of one, as JSON."""

_MARKERS = tuple(re.compile(rb"^" + sign * 7 + rb"(?: .*)?\r?$", re.MULTILINE) for sign in (b"<", b"\\|", b"=", b">"))


def chosen(
    found: Any,
    values: Mapping[str, Any],
    *,
    where: str | None = None,
    sort: str | None = None,
    descending: bool = False,
    limit: int | None = None,
    alike: int = 1,
) -> list[Any]:
    """The items to go through. `where` and `sort` see each as `item`, and its place in the list as `index`.

    `alike` is how many lists like this one there may be, itself included: one in each item of the lists around it.
    Items that are sorted alike stay in their order. Raises ItemsUnusable where there is no list, an item is too large
    or there are too many, before `where` or after it; ExpressionInvalid where an expression cannot be evaluated.
    """
    if not isinstance(found, list | tuple):
        hint = ": write `… | list` for its keys" if isinstance(found, Mapping) else ""
        raise ItemsUnusable(f"`in` is {_kind(found)}, not a list{hint}.")
    if len(found) > MOST_LISTED:
        raise ItemsUnusable(f"The list has {len(found):,} entries, and at most {MOST_LISTED:,} can be chosen from.")
    with bounded():
        items = _in_order(found, values, where, sort, descending)[:limit]
    if len(items) > MOST_ITEMS:
        raise ItemsUnusable(f"There are {len(items):,} items, and at most {MOST_ITEMS:,} are allowed.")
    if len(items) * alike > MOST_WITHIN:
        raise ItemsUnusable(
            f"There are {len(items):,} items in a list that stands within others, of which there may be {alike:,}: at "
            f"most {MOST_WITHIN // alike:,} are allowed here, since together they may have {MOST_WITHIN:,}."
        )
    for index, item in enumerate(items):
        try:
            size = len(canonical(item))
        except (TypeError, ValueError) as error:
            raise ItemsUnusable(f"Item {index} cannot be written as JSON: {error}.") from error
        if size > MOST_BYTES:
            raise ItemsUnusable(f"Item {index} has {size:,} bytes as JSON, and at most {MOST_BYTES:,} are allowed.")
    return items


def _in_order(
    found: Sequence[Any], values: Mapping[str, Any], where: str | None, sort: str | None, descending: bool
) -> list[Any]:
    numbered = [(item, {**values, "item": item, "index": index}) for index, item in enumerate(found)]
    if where is not None:
        numbered = [(item, seen) for item, seen in numbered if holds(where, seen)]
    if sort is not None:
        keys = [(evaluate(sort, seen), item) for item, seen in numbered]
        try:
            keys.sort(key=lambda pair: pair[0], reverse=descending)
        except TypeError as error:
            raise ItemsUnusable(f"`sort` gives values that cannot be compared: {error}.") from error
        return [item for _, item in keys]
    return [item for item, _ in numbered]


def conflict_left(result: bytes, sides: Sequence[bytes]) -> bool:
    """Whether a file that was put together from these sides has more conflict markers than they had."""
    return any(len(marker.findall(result)) > sum(len(marker.findall(side)) for side in sides) for marker in _MARKERS)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case str():
            return "a text"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case Mapping():
            return "a mapping"
    return f"a {type(value).__name__}"
