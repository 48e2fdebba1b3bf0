"""A worker may die anywhere. The next one goes on, asks nothing twice, and ends with the same tree."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from core.errors import Drained

if TYPE_CHECKING:
    from tests.agent.conftest import Desk

SCRIPT = """
  - read: src/slug.py
  - - run: echo ran >> log
    - write: {path: new.py, content: "a = 1\\n"}
  - edit: {path: new.py, old: "a = 1", new: "a = 2"}
  - say: I forgot to call a tool.
  - - search: {pattern: slug}
    - run: echo again >> log
  - submit: {title: t, summary: s}
"""
TURNS = 6


def contents(desk: "Desk") -> dict[str, str]:
    return {
        path.relative_to(desk.tree).as_posix(): path.read_text()
        for path in sorted(desk.tree.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def finished() -> dict[str, str]:
    return {
        "README.md": "# Slugs\n",
        "log": "ran\nagain\n",
        "new.py": "a = 2\n",
        "src/slug.py": "def slug(text):\n    return text.lower()\n",
    }


@pytest.mark.parametrize("turn", range(1, TURNS + 1))
async def test_a_worker_drained_before_any_turn_costs_no_call_and_no_command_more(
    desk: "Desk", finished: dict[str, str], turn: int
) -> None:
    desk.memo.drain_at = turn
    with pytest.raises(Drained):
        await desk.work(SCRIPT)
    desk.memo.resume()
    handover = await desk.work(SCRIPT)
    assert handover.turns == TURNS
    assert len(desk.requests) == TURNS
    assert contents(desk) == finished


async def test_a_finished_step_is_replayed_without_any_call(desk: "Desk", finished: dict[str, str]) -> None:
    first = await desk.work(SCRIPT)
    desk.memo.resume()
    assert await desk.work(SCRIPT) == first
    assert len(desk.requests) == TURNS
    assert contents(desk) == finished


@pytest.mark.parametrize("nth", range(1, TURNS))
@pytest.mark.parametrize("point", ["agent.after_reply", "agent.after_call"])
async def test_a_worker_killed_anywhere_leaves_the_same_tree_in_the_end(
    desk: "Desk",
    finished: dict[str, str],
    strike: Callable[[str, int], None],
    killed: type[BaseException],
    point: str,
    nth: int,
) -> None:
    strike(point, nth)
    with pytest.raises(killed):
        await desk.work(SCRIPT)
    desk.memo.resume()
    assert (await desk.work(SCRIPT)).turns == TURNS
    assert contents(desk) == finished
    # A reply that was lost before it was kept is asked for once more; nothing else is.
    assert len(desk.requests) == TURNS + (point == "agent.after_reply")


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("point", ["agent.before_checkpoint", "agent.after_checkpoint"])
async def test_what_a_turn_wrote_is_written_once_wherever_its_worker_was_killed(
    desk: "Desk",
    finished: dict[str, str],
    strike: Callable[[str, int], None],
    killed: type[BaseException],
    point: str,
    nth: int,
) -> None:
    strike(point, nth)
    with pytest.raises(killed):
        await desk.work(SCRIPT)
    desk.memo.resume()
    await desk.work(SCRIPT)
    assert contents(desk) == finished
    assert len(desk.requests) == TURNS


async def test_an_edit_whose_new_text_holds_the_old_is_not_made_twice(
    desk: "Desk", strike: Callable[[str, int], None], killed: type[BaseException]
) -> None:
    script = """
  - edit: {path: README.md, old: "# Slugs", new: "# Slugs\\n\\n# Slugs again"}
  - submit: {title: t, summary: s}
"""
    strike("agent.before_checkpoint", 1)
    with pytest.raises(killed):
        await desk.work(script)
    desk.memo.resume()
    await desk.work(script)
    assert contents(desk)["README.md"] == "# Slugs\n\n# Slugs again\n"


async def test_only_turns_that_wrote_are_checkpointed(desk: "Desk") -> None:
    await desk.work(SCRIPT)
    assert desk.memo.checkpoints == ["change/turn:2", "change/turn:3", "change/turn:5"]


async def test_every_reply_is_kept_with_its_model_and_calls_are_kept_without_cost(desk: "Desk") -> None:
    await desk.work(SCRIPT)
    assert desk.memo.paid == [(f"change/turn:{number}", "openai/scripted") for number in range(1, TURNS + 1)]


async def test_another_task_is_not_answered_from_memory(desk: "Desk") -> None:
    await desk.work(SCRIPT)
    with pytest.raises(AssertionError, match="change/turn:1 was kept for another input"):
        await desk.work(SCRIPT, user="Do something else.")
