"""Lists within lists, and other workflows within them: every item is a run of its own, whoever its parent is."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import dead_letters, parts, runs, steps
from core import faults
from core.names import RunId
from core.runs import Run
from core.workflow.catalogue import File, catalogue

NOTE = """
name: note
inputs: {words: {type: string}}
steps:
  - {id: file, run: {script: 'echo "$WORDS" > "note-$WORDS.txt"', writes: true}, env: {WORDS: "${{ inputs.words }}"}}
outputs: {said: "${{ inputs.words }}"}
"""
NESTED = """
name: mine
steps:
  - {id: first, run: {script: "echo first > first.txt", writes: true}}
  - id: outer
    foreach:
      in: [[a, b], [c, bad]]
      collect: "${{ [index, steps.note.said, steps.inner.items | map(attribute='output') | list] }}"
      steps:
        - {id: note, workflow: {name: note, with: {words: "${{ item[0] }}"}}}
        - id: inner
          foreach:
            in: "${{ item }}"
            collect: "${{ item }}"
            steps:
              - id: make
                run: {script: 'cat "note-$HEAD.txt" first.txt > "made-$N.txt"; test "$N" != bad', writes: true}
                env: {N: "${{ item }}", HEAD: "${{ steps.note.said }}"}
              - {id: rest, wait: 2h, when: "${{ subject.title == 'Wait' }}"}
        - {id: both, run: {script: "ls made-* > list-$I.txt", writes: true}, env: {I: "${{ index }}"}}
  - {id: show, run: "cat list-*.txt note-*.txt; ls", capture: {format: lines}}
"""


GROWS = """
name: mine
steps:
  - id: outer
    foreach:
      in: [[a, b], [c, d, e]]
      steps:
        - {id: inner, foreach: {in: "${{ item }}", steps: [{id: see, run: "true"}]}}
  - id: through
    foreach:
      in: [2, 3]
      steps: [{id: note, workflow: {name: note, with: {count: "${{ item }}"}}}]
"""
GROWS_WITHIN = """
name: note
inputs: {count: {type: number}}
steps:
  - id: within
    foreach: {in: [a, b, c], where: "${{ index < inputs.count }}", steps: [{id: look, run: "true"}]}
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as opened:
        yield opened


def whole(mine: str = NESTED, note: str = NOTE) -> str:
    """The text that a run of it pins."""
    texts = {"mine": mine, "note": note}
    files = [File(f".github/pullwright/workflows/{name}.yml", text) for name, text in texts.items()]
    entry = catalogue({}, files).get("mine")
    assert entry is not None
    assert entry.mistakes == ()
    return entry.text


@dataclass(frozen=True)
class Account:
    """What came of the lists, and how many runs there were for each step and item."""

    ended: tuple[str, str | None]
    outer: Any
    shown: Any
    runs: Counter[tuple[str, int, str]]
    letters: tuple[tuple[str, int], ...]
    comments: int

    @classmethod
    async def of(cls, world: World, run_id: RunId) -> "Account":
        async with world.services.store.read() as db:
            run = await runs.require(db, run_id)
            outputs = {memo.key: memo.output for memo in await steps.all_(db, run_id)}
            found = [one for one in await runs.recent(db, 100, parts=True) if one.part is not None]
            letters = [one.part for one in await dead_letters.unsettled(db) if one.part is not None]
        outer = {key: value for key, value in outputs["outer"].items() if key != "tree"}
        return cls(
            ended=(run.state, run.ended_why),
            outer=outer,
            shown=outputs.get("show", {}).get("output"),
            runs=Counter(_place(one) for one in found),
            letters=tuple(sorted((part.step, part.index) for part in letters)),
            comments=len(world.replies(run.subject.number)),
        )


def _place(run: Run) -> tuple[str, int, str]:
    assert run.part is not None
    return run.part.step, run.part.index, run.state


UNDISTURBED = Account(
    ended=("succeeded", "every step is done"),
    outer={
        "count": 2,
        "done": 2,
        "failed": 0,
        "items": [
            {"index": 0, "item": ["a", "b"], "output": [0, "a", ["a", "b"]]},
            {"index": 1, "item": ["c", "bad"], "output": [1, "c", ["c"]]},
        ],
        "failures": [],
    },
    shown=["made-a.txt", "made-b.txt", "made-c.txt", "a", "c"],
    runs=Counter(
        {
            ("outer", 0, "succeeded"): 1,
            ("outer", 1, "succeeded"): 1,
            ("note", 0, "succeeded"): 2,
            ("inner", 0, "succeeded"): 2,
            ("inner", 1, "succeeded"): 1,
            ("inner", 1, "failed"): 1,
        }
    ),
    letters=(("inner", 1),),
    comments=1,
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "point", [None, "foreach.after_settled", "foreach.before_bells", "sub.before_bell", "end.before_bells"]
)
async def test_items_within_items_are_each_done_once_whoever_dies_in_between(world: World, point: str | None) -> None:
    run_id = await begin(world, whole())
    deaths = Deaths(point, every=2) if point is not None else None
    await survive(world)
    assert deaths is None or deaths.died > 1
    account = await Account.of(world, run_id)
    shown = [line for line in account.shown if line in UNDISTURBED.shown][:5]
    assert Account(**{**vars(account), "shown": shown}) == UNDISTURBED


@pytest.mark.slow
async def test_a_run_that_is_cancelled_takes_its_items_items_down_with_it(world: World) -> None:
    issue = await world.requester.open_issue("Wait", "")
    run_id = await begin(world, whole(), issue=issue.number)
    await world.settle()
    async with world.services.store.read() as db:
        every = await runs.recent(db, 100, parts=True)
        family = [one for one in every if one.part is not None and one.state == "waiting"]
        assert Counter(one.part.step for one in family if one.part is not None) == {"outer": 2, "inner": 3}
        whole_of = {await parts.whole(db, one.id) for one in family}
    assert whole_of == {run_id}, "what they cost is the run's"
    await world.approver.comment(issue.number, "/cancel")
    await world.settle()
    async with world.services.store.read() as db:
        assert {(await runs.require(db, one.id)).state for one in family} == {"cancelled"}


@pytest.mark.slow
async def test_a_list_within_others_that_takes_more_than_its_share_begins_nothing_and_the_rest_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.fanout.MOST_WITHIN", 5)
    run_id = await begin(world, whole(GROWS, GROWS_WITHIN))
    await world.settle()
    async with world.services.store.read() as db:
        found = [one for one in await runs.recent(db, 100, parts=True) if one.part is not None]
        outputs = {memo.key: memo.output for memo in await steps.all_(db, run_id)}
    assert (await world.run()).state == "succeeded", (await world.run()).ended_why
    told = (
        "There are 3 items in a list that stands within others, of which there may be 2: at most 2 are allowed here, "
        "since together they may have 5."
    )
    failures = [(key, outputs[key]["done"], outputs[key]["failures"]) for key in ("outer", "through")]
    assert failures == [
        ("outer", 1, [{"index": 1, "item": ["c", "d", "e"], "code": "items-unusable", "why": told}]),
        ("through", 1, [{"index": 1, "item": 3, "code": "workflow-failed", "why": f"`note` failed: {told}"}]),
    ]
    assert Counter(one.part.step for one in found if one.part is not None) == (
        {"outer": 2, "inner": 2, "through": 2, "note": 2, "within": 2}
    )
