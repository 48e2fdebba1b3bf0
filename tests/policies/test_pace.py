"""However runs come to begin again and again, about one subject they stop in time."""

from datetime import UTC, datetime, timedelta

from policies.pace import within_the_hour
from policies.result import Status
from policies.schema import BuiltIn, Policy

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def policy(most: int) -> Policy:
    return Policy.model_validate({"policy": BuiltIn.team, "limits": {"runs_per_hour": most}})


def test_a_run_more_than_policy_allows_in_an_hour_is_denied_with_the_time_at_which_one_may_begin() -> None:
    begun = [NOW - timedelta(minutes=minutes) for minutes in (5, 20, 50)]
    found = within_the_hour(policy(3), begun, NOW)
    assert (found.status, found.why, found.remedy) == (
        Status.denied,
        "3 runs began about this within the last hour, and no more than 3 may.",
        "Ask again after 12:10 UTC, or raise `limits.runs_per_hour` in `.github/pullwright.yml`.",
    )


def test_what_began_an_hour_ago_does_not_count_any_more() -> None:
    begun = [NOW - timedelta(minutes=minutes) for minutes in (5, 20, 60)]
    assert within_the_hour(policy(3), begun, NOW).approved
