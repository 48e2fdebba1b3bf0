"""What a column holds: types that mean, compare and sort the same on SQLite and PostgreSQL."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core.names import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = Decimal(1_000_000)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with NUL and lone surrogates replaced: PostgreSQL refuses the one, UTF-8 the other.

    Strangers write what we store, and must not be able to write something that no row can hold.
    """
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(value: Any) -> Any:
    """The value as JSON will give it back: what is hashed before it is stored must equal what is read later."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return storable(str(value))
        case Decimal():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case Value():
            return plain(value.model_dump(mode="json"))
        case Mapping():
            return {storable(str(key)): plain(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(one) for one in value]
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def to_json(value: Any) -> str:
    """JSON text that both databases accept; NaN and infinity raise ValueError."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def micros(amount: Decimal) -> int:
    """US dollars as whole micro-dollars, rounded up: rounding must never let a limit be passed."""
    return int((amount * _MICRO).to_integral_value(rounding=ROUND_CEILING))


def dollars(amount: int) -> Decimal:
    """Micro-dollars as US dollars."""
    return Decimal(amount) / _MICRO


class Words(TypeDecorator[str]):
    """Text, cleaned of what cannot be stored, compared by code point on every database."""

    impl = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(str(value))


class Instant(TypeDecorator[datetime]):
    """An aware time as whole microseconds since 1970 in UTC, so that sorting numbers sorts times."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Dollars(TypeDecorator[Decimal]):
    """Money as whole micro-USD; NULL is unpriced, which is not zero."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else dollars(value)


class Json(TypeDecorator[Any]):
    """A JSON value; Python's None is SQL's NULL."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return plain(value)


def one_of(words: type[StrEnum]) -> sa.Enum:
    """A column of one of these words, read back as the enum; plain text to the database."""
    return sa.Enum(words, native_enum=False, create_constraint=False, length=32)
