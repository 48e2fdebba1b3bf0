"""When a schedule comes next, on the clocks of a time zone: also where they are put forward or back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cron import CronInvalid, parse, zone


def coming(expression: str, after: str, name: str = "UTC", count: int = 3) -> list[str]:
    """The next times that it comes, as the clock of the zone shows them."""
    cron, where = parse(expression), zone(name)
    moment = datetime.fromisoformat(after).replace(tzinfo=where).astimezone(UTC)
    found = []
    for _ in range(count):
        later = cron.next_after(moment, where)
        assert later > moment
        assert later.tzinfo is UTC
        moment = later
        found.append(moment.astimezone(where).strftime("%Y-%m-%d %H:%M %Z"))
    return found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("*/20 * * * *", ["2026-01-01 12:20 UTC", "2026-01-01 12:40 UTC", "2026-01-01 13:00 UTC"]),
        ("5,50-51 9 * * *", ["2026-01-02 09:05 UTC", "2026-01-02 09:50 UTC", "2026-01-02 09:51 UTC"]),
        ("0 6 * * 1-5", ["2026-01-02 06:00 UTC", "2026-01-05 06:00 UTC", "2026-01-06 06:00 UTC"]),
        ("0 6 * * mon-fri", ["2026-01-02 06:00 UTC", "2026-01-05 06:00 UTC", "2026-01-06 06:00 UTC"]),
        ("0 0 * * 7", ["2026-01-04 00:00 UTC", "2026-01-11 00:00 UTC", "2026-01-18 00:00 UTC"]),
        ("0 0 1 jan,jul *", ["2026-07-01 00:00 UTC", "2027-01-01 00:00 UTC", "2027-07-01 00:00 UTC"]),
        ("0 0 31 * *", ["2026-01-31 00:00 UTC", "2026-03-31 00:00 UTC", "2026-05-31 00:00 UTC"]),
        ("0 0 29 2 *", ["2028-02-29 00:00 UTC", "2032-02-29 00:00 UTC", "2036-02-29 00:00 UTC"]),
        ("0 0-20/10 * * *", ["2026-01-01 20:00 UTC", "2026-01-02 00:00 UTC", "2026-01-02 10:00 UTC"]),
    ],
)
def test_the_next_three_times(expression: str, found: list[str]) -> None:
    assert coming(expression, "2026-01-01 12:00") == found


def test_where_both_days_are_given_either_counts() -> None:
    assert coming("0 0 13 * fri", "2026-02-01 00:00", count=5) == [
        "2026-02-06 00:00 UTC",
        "2026-02-13 00:00 UTC",
        "2026-02-20 00:00 UTC",
        "2026-02-27 00:00 UTC",
        "2026-03-06 00:00 UTC",
    ]


def test_a_day_stays_the_same_time_of_the_day_when_clocks_change() -> None:
    assert coming("0 6 * * *", "2026-03-28 00:00", "Europe/Berlin") == [
        "2026-03-28 06:00 CET",
        "2026-03-29 06:00 CEST",
        "2026-03-30 06:00 CEST",
    ]


def test_a_time_that_the_clock_skips_comes_as_much_later_as_was_skipped() -> None:
    assert coming("30 2 * * *", "2026-03-28 12:00", "Europe/Berlin") == [
        "2026-03-29 03:30 CEST",
        "2026-03-30 02:30 CEST",
        "2026-03-31 02:30 CEST",
    ]


def test_a_time_that_the_clock_shows_twice_comes_once() -> None:
    assert coming("30 2 * * *", "2026-10-24 12:00", "Europe/Berlin") == [
        "2026-10-25 02:30 CEST",
        "2026-10-26 02:30 CET",
        "2026-10-27 02:30 CET",
    ]


def test_what_comes_every_hour_comes_in_each_of_25_hours_and_in_none_that_is_skipped() -> None:
    assert coming("0 * * * *", "2026-10-25 01:00", "Europe/Berlin") == [
        "2026-10-25 02:00 CEST",
        "2026-10-25 02:00 CET",
        "2026-10-25 03:00 CET",
    ]
    assert coming("0 */2 * * *", "2026-03-29 00:00", "Europe/Berlin", 2) == [
        "2026-03-29 04:00 CEST",
        "2026-03-29 06:00 CEST",
    ]


def test_clocks_that_are_put_back_at_midnight_show_an_evening_twice() -> None:
    # Havana, 2026-11-01: at 01:00 it is 00:00 again.
    assert coming("30 0 * * *", "2026-10-31 12:00", "America/Havana", 2) == [
        "2026-11-01 00:30 CDT",
        "2026-11-02 00:30 CST",
    ]
    # Asuncion, 2024-03-23: at 24:00 it was 23:00 again, so an hourly one comes at the end of a day that had begun.
    assert coming("0,30 * * * *", "2024-03-23 22:59", "America/Asuncion", 5) == [
        "2024-03-23 23:00 -03",
        "2024-03-23 23:30 -03",
        "2024-03-23 23:00 -04",
        "2024-03-23 23:30 -04",
        "2024-03-24 00:00 -04",
    ]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "has 0 fields: write minute, hour, day of the month, month and day of the week"),
        ("0 6 * *", "has 4 fields: write minute, hour, day of the month, month and day of the week"),
        ("@daily", "has 1 field: write minute, hour, day of the month, month and day of the week"),
        ("60 * * * *", "has no minute in `60`: from 0 to 59, as `0`, `0-59` or `*/2`"),
        ("0 5-3 * * *", "has no hour in `5-3`: from 0 to 23, as `0`, `0-23` or `*/2`"),
        ("0 0 0 * *", "has no day of the month in `0`: from 1 to 31, as `1`, `1-31` or `*/2`"),
        ("0 0 * foo *", "has no month in `foo`: from 1 to 12, as `1`, `1-12` or `*/2`"),
        ("0 0 * * L", "has no day of the week in `l`"),
        ("*/0 * * * *", "has no minute in `*/0`: from 0 to 59, as `0`, `0-59` or `*/2`"),
        ("5/10 * * * *", "has no minute in `5/10`: from 0 to 59, as `0`, `0-59` or `*/2`"),
        ("0 0 31 2,4 *", "never comes: there is no such day in these months"),
    ],
)
def test_what_is_no_expression_says_why(expression: str, why: str) -> None:
    with pytest.raises(CronInvalid) as caught:
        parse(expression)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    "name", ["", "Berlin", "Europe", "../../etc/passwd", "/etc/localtime", "Europe/Berlin\n", "a" * 99]
)
def test_what_is_no_time_zone_is_told_and_never_a_path(name: str) -> None:
    with pytest.raises(CronInvalid, match="is no time zone"):
        zone(name)


@settings(max_examples=60)
@given(
    after=st.integers(1704067200, 1893456000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    expression=st.sampled_from(["*/7 * * * *", "15 2 * * *", "0 0,12 1,15 * *", "59 23 * * sun", "30 1-3 * * *"]),
    name=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_no_time_lies_between_one_and_the_next(after: datetime, expression: str, name: str) -> None:
    cron, where = parse(expression), zone(name)
    found = cron.next_after(after, where)
    assert found > after
    assert cron.next_after(found - timedelta(seconds=1), where) == found
    assert cron.next_after(after + (found - after) / 2, where) == found
