"""Workflows that will not start once an approval takes the marker away, and what people are told of them."""

import pytest

from policies.exposure import Hold, exposure, stays_quiet
from policies.exposure_triggers import Offer

OFFER = Offer("acme/slugs", "pullwright/7-fix-r1", "main", ("slugs/text.py",))
JOB = "permissions: write-all\njobs: {t: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"
PATH = ".github/workflows/tests.yml"


@pytest.mark.parametrize(
    ("on", "narrowed"),
    [
        ("{push: {paths: ['slugs/**']}}", True),
        ("{push: {paths-ignore: ['docs/**']}}", True),
        ("{push: {paths: ['slugs/**']}, workflow_dispatch: {}}", True),
        ("{push: {paths: ['docs/**']}}", False),
        ("{push: {branches: ['**']}}", False),
        ("{push: {paths: ['slugs/**']}, pull_request: {}}", False),
        ("{pull_request: {paths: ['slugs/**']}}", False),
    ],
)
def test_a_push_narrowed_by_paths_alone_does_not_start_anew_for_the_same_tree(on: str, narrowed: bool) -> None:
    found = exposure({PATH: f"on: {on}\n{JOB}"}, OFFER)
    assert found.narrowed == ((PATH,) if narrowed else ())


def test_people_are_told_which_will_not_start_and_what_helps() -> None:
    found = exposure({PATH: f"on: {{push: {{paths: ['slugs/**']}}}}\n{JOB}"}, OFFER)
    assert stays_quiet(found, Hold.marker) == (
        "`.github/workflows/tests.yml` starts on pushes that touch certain paths (`paths`), and will not start after "
        "the approval: the commit that replaces the held one has the same files. Let it listen to `pull_request` as "
        "well, or write `ci: run` in the policy."
    )
    assert stays_quiet(found, Hold.nothing) == stays_quiet(found, Hold.unpushed) == ""


def test_of_many_the_first_few_are_named() -> None:
    text = f"on: {{push: {{paths: ['slugs/**']}}}}\n{JOB}"
    found = exposure({f".github/workflows/{name}.yml": text for name in "abcde"}, OFFER)
    said = stays_quiet(found, Hold.marker)
    assert said.startswith(
        "`.github/workflows/a.yml`, `.github/workflows/b.yml`, `.github/workflows/c.yml` and 2 more start on pushes"
    )
    assert "Let them listen" in said


def test_what_cannot_be_read_is_not_said_to_stay_quiet() -> None:
    assert exposure({PATH: "on: {push: {paths: [x]}}\nodd: 1\n", ".github/workflows/b.yml": None}, OFFER).narrowed == ()
