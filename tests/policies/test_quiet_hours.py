"""Quiet hours on local clocks."""

from datetime import UTC, datetime

import pytest

from policies.quiet import QuietTime, quiet_until


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHTS = QuietTime.model_validate({"zone": "Europe/Berlin", "from": "18:00", "to": "08:00"})
WEEKENDS = QuietTime(zone="Europe/Berlin", days=("sat", "sun"))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02T16:59", None),
        ("2026-03-02T17:00", "2026-03-03T07:00"),
        ("2026-03-03T06:59", "2026-03-03T07:00"),
        ("2026-03-03T07:00", None),
        ("2026-03-06T20:00", "2026-03-09T07:00"),  # from Friday night through the weekend
        ("2026-03-28T12:00", "2026-03-30T06:00"),  # the clocks go forward on Sunday
    ],
)
def test_quiet_ends_when_all_spans_that_meet_are_over(now, until):
    assert quiet_until((NIGHTS, WEEKENDS), at(now)) == (until and at(until))


def test_without_times_it_is_never_quiet():
    assert quiet_until((), at("2026-03-02T03:00")) is None
