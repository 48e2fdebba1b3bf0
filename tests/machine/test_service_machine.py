"""Whatever people, GitHub, the network and death do to the service, in whatever order: its promises hold.

A tier plays the same stories every time, so that a change is judged by its own doing. `make explore` plays new ones for
as long as it is let, and prints how to play again what broke a promise.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from service_machine import ServiceMachine

ALWAYS = settings(
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def test_the_promises_hold_in_a_few_stories_that_are_always_the_same() -> None:
    few = settings(ALWAYS, max_examples=2, stateful_step_count=12, derandomize=True, phases=(Phase.generate,))
    run_state_machine_as_test(ServiceMachine, settings=few)


@pytest.mark.slow
def test_the_promises_hold_in_many_stories_that_nobody_thought_of() -> None:
    new = int(os.environ.get("NEW_STORIES", "0"))
    many = settings(ALWAYS, max_examples=new or 40, stateful_step_count=30, derandomize=not new)
    run_state_machine_as_test(ServiceMachine, settings=many)
