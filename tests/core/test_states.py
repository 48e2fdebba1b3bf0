"""The table of states: every move it allows, every move it refuses, and the picture that the documentation shows."""

from itertools import product
from pathlib import Path

import pytest

from core.states import TERMINAL, TRANSITIONS, RunState, Trigger, mermaid, sources, target

S, T = RunState, Trigger
MOVES = {
    (S.queued, T.claim): S.running,
    (S.running, T.claim): S.running,
    (S.running, T.release): S.queued,
    (S.running, T.park): S.waiting,
    (S.waiting, T.wake): S.queued,
    (S.running, T.finish): S.succeeded,
    (S.running, T.fail): S.failed,
    (S.running, T.cancel): S.cancelled,
    (S.running, T.reject): S.rejected,
}


@pytest.mark.parametrize(("state", "trigger"), list(product(S, T)))
def test_each_move_is_allowed_or_refused_as_listed_here(state: RunState, trigger: Trigger) -> None:
    assert TRANSITIONS.get((state, trigger)) == MOVES.get((state, trigger))
    assert (state in sources(trigger)) == ((state, trigger) in MOVES)


@pytest.mark.parametrize("trigger", list(T))
def test_each_trigger_leads_to_one_state_wherever_it_comes_from(trigger: Trigger) -> None:
    assert {target(trigger)} == {after for (_, how), after in MOVES.items() if how is trigger}


def test_nothing_leaves_an_end_and_every_end_is_reached_from_running_alone() -> None:
    assert not {before for before, _ in TRANSITIONS} & TERMINAL
    assert {before for (before, _), after in TRANSITIONS.items() if after in TERMINAL} == {S.running}


def test_the_diagram_draws_every_move_and_every_end() -> None:
    lines = mermaid().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> queued"]
    assert "    running --> running: a worker takes the lease" in lines
    assert len(lines) == 2 + len(MOVES) + len(TERMINAL)


def test_the_documentation_shows_no_other_diagram_of_states() -> None:
    for page in (Path(__file__).parents[2] / "docs").rglob("*.md"):
        text = page.read_text()
        assert text.count("stateDiagram-v2") == text.count(mermaid()), page
