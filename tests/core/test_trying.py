"""What follows on a failed attempt: first it is retried, then mended, then gone without, or the run fails."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.trying import Again, GiveUp, GoOn, Mend, decide, pause
from core.workflow import Retry, Step

STEADY = {"attempts": 3, "delay": "10s", "jitter": False}


def _step(**said: Any) -> Step:
    return Step.model_validate({"id": "a", "run": "x", **said})


def _decisions(step: Step, code: str = "command-failed", times: int = 5) -> list[Any]:
    return [decide(step, code, failed, salt="run") for failed in range(1, times + 1)]


def test_a_step_that_says_nothing_fails_the_run_at_once() -> None:
    assert _decisions(_step(), times=1) == [GiveUp()]


def test_a_retry_waits_longer_each_time_and_then_gives_up() -> None:
    assert _decisions(_step(retry=STEADY), times=3) == [Again(10), Again(20), GiveUp()]
    fixed = _step(retry={**STEADY, "backoff": "fixed"})
    assert _decisions(fixed, times=3) == [Again(10), Again(10), GiveUp()]


def test_a_retry_for_other_failures_does_not_count_for_this_one() -> None:
    step = _step(retry={**STEADY, "on": ["command-timed-out"]})
    assert _decisions(step, "command-failed", 1) == [GiveUp()]
    assert _decisions(step, "command-timed-out", 1) == [Again(10)]


def test_what_mends_comes_after_the_retries_and_the_step_decides_once_more() -> None:
    mended = _step(retry={**STEADY, "attempts": 2}, on_failure=[{"id": "b", "run": "y"}])
    assert _decisions(mended, times=3) == [Again(10), Mend(), GiveUp()]


def test_a_step_that_may_fail_is_gone_without_only_after_all_else() -> None:
    step = _step(retry={**STEADY, "attempts": 2}, on_failure=[{"id": "b", "run": "y"}], continue_on_error=True)
    assert _decisions(step, times=3) == [Again(10), Mend(), GoOn()]


@given(
    st.builds(
        Retry,
        attempts=st.integers(2, 10),
        backoff=st.sampled_from(["fixed", "exponential"]),
        delay=st.integers(1, 1_000),
        max_delay=st.integers(1, 10_000),
        jitter=st.booleans(),
    ),
    st.integers(1, 9),
    st.text(),
)
def test_a_pause_is_never_longer_than_allowed_and_the_same_for_the_same_run(retry: Retry, n: int, salt: str) -> None:
    seconds = pause(retry, n, salt=salt)
    assert min(retry.delay, retry.max_delay) * 0.5 - 0.001 <= seconds <= retry.max_delay
    assert seconds == pause(retry, n, salt=salt)
