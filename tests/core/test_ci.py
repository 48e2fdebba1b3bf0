"""What the repository's own checks say of a commit: which report counts, and what they come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ci import Standing, Told, asks_for_sign_off, named, standing, told
from core.github import CheckRun, CheckStatus, CommitStatus
from core.names import Sha

HEAD = Sha("a" * 40)
OURS = 1


def run(number: int, name: str, conclusion: str | None, app: int = 7) -> CheckRun:
    status = CheckStatus.in_progress if conclusion is None else CheckStatus.completed
    return CheckRun(
        id=number,
        name=name,
        head_sha=HEAD,
        external_id="",
        status=status,
        conclusion=conclusion,
        app_id=app,
        url=f"https://ci/{number}",
    )


def status(number: int, context: str, state: str) -> CommitStatus:
    return CommitStatus(id=number, context=context, state=state, url="")


def standings(*found: Told) -> dict[str, str]:
    return {one.name: one.standing.value for one in found}


@pytest.mark.parametrize(
    ("conclusion", "counts"),
    [
        ("success", "green"),
        ("neutral", "green"),
        ("skipped", "green"),
        ("failure", "red"),
        ("timed_out", "red"),
        ("cancelled", "red"),
        ("action_required", "red"),
        ("startup_failure", "red"),
        ("stale", "red"),
        ("something new", "red"),
        (None, "pending"),
    ],
)
def test_a_check_run_counts_as_github_lets_a_required_one_count(conclusion: str | None, counts: str) -> None:
    assert standings(*told([run(1, "build", conclusion)], [], ours=OURS)) == {"build": counts}


@pytest.mark.parametrize(
    ("state", "counts"), [("success", "green"), ("pending", "pending"), ("failure", "red"), ("error", "red")]
)
def test_a_commit_status_is_a_check_too(state: str, counts: str) -> None:
    assert standings(*told([], [status(1, "lint", state)], ours=OURS)) == {"lint": counts}


def test_our_own_check_runs_are_not_among_them() -> None:
    assert told([run(1, "pullwright/policy", None, app=OURS)], [], ours=OURS) == ()


def test_a_check_that_was_run_again_counts_as_it_is_now() -> None:
    again = [run(2, "build", "success"), run(1, "build", "failure")]
    assert standings(*told(again, [], ours=OURS)) == {"build": "green"}


def test_the_newest_status_of_a_context_counts_and_they_come_newest_first() -> None:
    assert standings(*told([], [status(2, "lint", "success"), status(1, "lint", "error")], ours=OURS)) == {
        "lint": "green"
    }


def test_two_apps_may_use_one_name_and_both_count() -> None:
    found = told([run(1, "build", "success", app=7), run(2, "build", "failure", app=8)], [], ours=OURS)
    assert sorted(one.standing.value for one in found) == ["green", "red"]
    assert standing(found) is Standing.red


def test_with_names_only_these_count_and_each_must_come() -> None:
    found = told([run(1, "build", "success"), run(2, "docs", "failure")], [], ours=OURS)
    assert standings(*named(found, ["build", "deploy"])) == {"build": "green", "deploy": "pending"}


def test_no_checks_stand_for_nothing() -> None:
    assert standing([]) is None
    assert named((), ()) == ()


reports = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["success", "failure", None])), max_size=8)


@given(reports, st.randoms())
def test_the_order_in_which_github_lists_check_runs_means_nothing(
    given_: list[tuple[str, str | None]], shuffle: object
) -> None:
    runs = [run(number, name, conclusion) for number, (name, conclusion) in enumerate(given_)]
    mixed = list(runs)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    assert told(runs, [], ours=OURS) == told(mixed, [], ours=OURS)


@given(reports)
def test_nothing_is_green_or_red_while_one_is_pending(given_: list[tuple[str, str | None]]) -> None:
    found = told([run(n, name, conclusion) for n, (name, conclusion) in enumerate(given_)], [], ours=OURS)
    pending = any(one.standing is Standing.pending for one in found)
    assert (standing(found) is Standing.pending) == pending


@pytest.mark.parametrize(
    ("names", "expected"), [(["DCO"], True), ([" dco "], True), (["DCO", "build"], False), (["docs"], False)]
)
def test_checks_that_ask_for_a_sign_off_alone_are_known_by_their_names(names: list[str], expected: bool) -> None:
    red = [Told(name=name, url="", standing=Standing.red) for name in names]
    assert asks_for_sign_off(red) is expected
