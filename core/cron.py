"""When a schedule comes next: the five classic fields of cron, on the clocks of a time zone.

    0 6 * * 1-5    minute, hour, day of the month, month, day of the week

`parse()` reads an expression, `Cron.next_after()` computes. Nothing here asks what time it is. What crontab(5) says
holds: where both days are given, either counts; 0 and 7 are Sunday; months and days may be named by three letters.

Where clocks are put forward or back: a time that is skipped comes as much later as was skipped, and one that is there
twice comes once, at first. Where every hour counts (`*`, `*/n`), only what the clock shows counts, each time it does.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SEARCHED = timedelta(days=366 * 9)
"""A 29th of February may be eight years away; nothing that comes at all is further."""

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name.lower(): (number + 1) % 7 for number, name in enumerate(calendar.day_abbr)}
_PART = re.compile(r"(?P<first>\*|[0-9]{1,2}|[a-z]{3})(?:-(?P<last>[0-9]{1,2}|[a-z]{3}))?(?:/(?P<step>[0-9]{1,2}))?")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")


class CronInvalid(ValueError):
    """The expression or the time zone says nothing that ever comes. Its words are the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    every_hour: bool
    """Whether the hours are `*` or `*/n`, so that what the clock shows counts and not the time of the day."""
    any_day: bool
    """Whether the day of the month is `*`."""
    any_weekday: bool

    def next_after(self, after: datetime, zone: ZoneInfo) -> datetime:
        """The first moment later than `after` at which it comes, in UTC. Both are aware."""
        first = after.astimezone(zone).date() - timedelta(days=1)
        for passed in range(SEARCHED.days):
            day = first + timedelta(days=passed)
            # Clocks that are put back at midnight show the end of a day after the next one has begun.
            around = (*self._moments(day, zone), *self._moments(day + timedelta(days=1), zone))
            if later := [moment for moment in around if moment > after]:
                return min(later)
        raise AssertionError("parse() lets nothing pass that never comes")

    def _moments(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        """Every moment of the day, of the zone's calendar, at which it comes, in UTC."""
        if not self._on(day):
            return
        for hour in self.hours:
            for minute in self.minutes:
                yield from self._shown(datetime.combine(day, time(hour, minute), zone))

    def _shown(self, local: datetime) -> Iterator[datetime]:
        """When the clock shows this, and counts: once, twice where it was put back, or never."""
        once, again = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        skipped = once.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None)
        if not (skipped and self.every_hour):
            yield once  # of a time that was skipped this is as much later as was skipped (PEP 495)
        if again > once and self.every_hour:
            yield again

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return of_month and of_week if self.any_day or self.any_weekday else of_month or of_week


def parse(expression: str) -> Cron:
    """The expression's meaning. Raises CronInvalid."""
    fields = expression.lower().split()
    if len(fields) != 5:
        raise CronInvalid(
            f"has {len(fields)} field{'' if len(fields) == 1 else 's'}: "
            "write minute, hour, day of the month, month and day of the week"
        )
    minutes, hours, days, months, weekdays = fields
    cron = Cron(
        minutes=_field("minute", minutes, 0, 59),
        hours=_field("hour", hours, 0, 23),
        days=_field("day of the month", days, 1, 31),
        months=_field("month", months, 1, 12, _MONTHS),
        weekdays=frozenset(day % 7 for day in _field("day of the week", weekdays, 0, 7, _DAYS)),
        every_hour=hours.startswith("*"),
        any_day=days.startswith("*"),
        any_weekday=weekdays.startswith("*"),
    )
    if cron.any_weekday and all(min(cron.days) > calendar.monthrange(2000, month)[1] for month in cron.months):
        raise CronInvalid("never comes: there is no such day in these months")
    return cron


def zone(name: str) -> ZoneInfo:
    """The time zone of this name in the IANA database, such as `Europe/Berlin`. Raises CronInvalid."""
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise CronInvalid("is no time zone: write one such as `UTC` or `Europe/Berlin`")


def _field(name: str, text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise CronInvalid(f"has no {name} in `{part}`")
        first, last, step = match["first"], match["last"], int(match["step"] or 1)
        if first == "*":
            begin, end = low, high
            wrong = last is not None
        else:
            begin = _number(first, names)
            end = begin if last is None else _number(last, names)
            wrong = not low <= begin <= end <= high or (match["step"] is not None and last is None)
        if wrong or step == 0:
            raise CronInvalid(f"has no {name} in `{part}`: from {low} to {high}, as `{low}`, `{low}-{high}` or `*/2`")
        found.update(range(begin, end + 1, step))
    return frozenset(found)


def _number(word: str, names: dict[str, int] | None) -> int:
    """The number; one that is in no field for a word that means nothing."""
    return int(word) if word.isdigit() else (names or {}).get(word, -1)
