"""The small words of the language: ids, durations, and values that may be expressions."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
"""Text for people or for a model. Each `${{ … }}` in it is replaced by its value."""
Expression = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
"""`${{ … }}`, and nothing beside it."""
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Given = str | int | float | bool | None
"""A plain value, or an expression."""

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")


def _duration(value: Any) -> Any:
    """Seconds, from `90s`, `10m`, `2h` or `1d`."""
    if isinstance(value, bool | float) or not isinstance(value, int | str):
        raise ValueError("a duration is written as `90s`, `10m`, `2h` or `1d`")
    if isinstance(value, int):
        return value
    found = _DURATION.fullmatch(value)
    if not found:
        raise ValueError("a duration is written as `90s`, `10m`, `2h` or `1d`")
    return int(found[1]) * _UNITS[found[2]]


_LONGEST = int(timedelta(days=30).total_seconds())
_WRITTEN = {
    "anyOf": [{"type": "string", "pattern": f"^{_DURATION.pattern}$"}, {"type": "integer", "minimum": 1}],
    "description": "A duration: `90s`, `10m`, `2h` or `1d`. A bare number counts seconds.",
}
Seconds = Annotated[int, BeforeValidator(_duration), Field(ge=1, le=_LONGEST), WithJsonSchema(_WRITTEN)]
"""A duration. A bare number counts seconds."""
