"""Quiet hours: when the bot leaves a repository in peace, on the clocks of some time zone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from core.cron import zone as zone_of
from core.names import Value

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""`HH:MM`, on the local clock."""

_AHEAD_DAYS = 9
"""More than a week: a quiet that has not ended by then never does."""


class QuietTime(Value):
    """From one time of day to another, the next day where that is not later; without times the whole day."""

    zone: str = "UTC"
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    """On which it begins."""
    from_: Annotated[Clock, Field(alias="from")] = "00:00"
    to: Clock = "00:00"

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        zone_of(zone)
        return zone


def _end_some_time(times: tuple[QuietTime, ...]) -> tuple[QuietTime, ...]:
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    if quiet_until(times, monday) == _never(monday):
        raise ValueError("these hours never end: the bot would do nothing at all")
    return times


QuietHours = Annotated[tuple[QuietTime, ...], Field(max_length=20), AfterValidator(_end_some_time)]


def quiet_until(times: Sequence[QuietTime], now: datetime) -> datetime | None:
    """When the quiet that reigns now is over, in UTC; None where none does. Spans that meet are one.

    A span begins and ends on the local clock: on the days when clocks change it is an hour longer or shorter. Never
    later than nine days from now: hours of several files that never end are looked at again then.
    """
    end = now
    for begins, ends in sorted(span for one in times for span in _spans(one, now)):
        if begins <= end < ends:
            end = ends
    return None if end == now else min(end, _never(now))


def _never(now: datetime) -> datetime:
    return now + timedelta(days=_AHEAD_DAYS - 1)


def _spans(one: QuietTime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Every span that begins from yesterday on, in UTC."""
    zone = zone_of(one.zone)
    today = now.astimezone(zone).date()
    begins, ends = time.fromisoformat(one.from_), time.fromisoformat(one.to)
    for ahead in range(-1, _AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        if DAYS[day.weekday()] in one.days:
            last = day if ends > begins else day + timedelta(days=1)
            yield (
                datetime.combine(day, begins, zone).astimezone(UTC),
                datetime.combine(last, ends, zone).astimezone(UTC),
            )
