"""Whoever may not start work can make the bot say little, however often and whatever they ask."""

import pytest
from facts_at_hand import comment, commented, facts, planned, run, waiting_run

from core.intents import React, Say
from core.names import Role
from core.runs import Run
from core.states import RunState
from handlers.verbs import VERBS

TELLING = [*(name for name, verb in VERBS.items() if not verb.decides), "budget"]
"""Verbs by which people can ask to be told something; without a sum, `/budget` tells what was spent."""
ASKED = [f"/{verb}" for verb in VERBS] + ["/approve 0123456789ab", "/answer", "/retry now", '/approve "open']
SITUATIONS: dict[str, list[Run]] = {"nothing": [], "waits": [waiting_run()], "over": [run(RunState.failed)]}


def keys(body: str, role: Role | None, runs: list[Run], node_id: str, *, edited: bool = False) -> set[str]:
    """The keys of what is said to this comment: one key is said once."""
    it = comment("/help me" if edited else body, node_id=node_id, author_association="NONE")
    intents = planned(commented(body), facts(comment=it, runs=runs, role=role))
    if not edited:
        assert not any(isinstance(one, React) and one.content == "eyes" for one in intents)
    return {one.key for one in intents if isinstance(one, Say)}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("role", [Role.none, Role.read, None])
def test_a_stranger_gets_one_refusal_in_a_thread_and_what_can_be_asked_for_once_each(
    role: Role | None, situation: str
) -> None:
    said: set[str] = set()
    for number in range(2):
        for text in ASKED:
            said |= keys(text, role, SITUATIONS[situation], f"IC_{number}_{text}")
        said |= keys("/status", role, SITUATIONS[situation], f"IC_{number}_edited", edited=True)
    assert said == {"refused:1:3:ada", *(f"told:1:3:ada:{verb}" for verb in TELLING)}


def test_whoever_may_start_work_is_answered_every_time() -> None:
    first, second = (keys("/status", Role.write, [], node_id) for node_id in ("IC_1", "IC_2"))
    assert len(first | second) == 2
    first, second = (keys("/approve", Role.write, [], node_id) for node_id in ("IC_1", "IC_2"))
    assert len(first | second) == 2
