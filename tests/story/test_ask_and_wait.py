"""Questions and pauses of a workflow: who is asked, whose answer counts, and what time does meanwhile."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from story_sources import AT_ONCE, source
from story_trust import give, newcomer, posted, quick_world
from story_workflows import begin
from story_world import World

from adapters.store import runs, steps
from bot.demo.github.faults import Act
from core import faults
from jobs.intake import drain

ASKS = {"id": "colour", "ask": {"question": "Which colour for “${{ subject.title }}”?"}}
USES = {
    "id": "paint",
    "run": 'echo "$COLOUR, as $WHO said"',
    "env": {"COLOUR": "${{ steps.colour.answer }}", "WHO": "${{ steps.colour.by }}"},
}
PAUSES = {"id": "pause", "wait": "5m"}
RETRIES = {"id": "flaky", "run": "exit 1", "retry": {"attempts": 3, "delay": "5m", "backoff": "fixed", "jitter": False}}


class Died(BaseException):
    """The worker is gone."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as opened:
        yield opened


def text(*rows: dict[str, Any]) -> str:
    return yaml.safe_dump({"name": "own", "steps": list(rows)}, sort_keys=False)


async def asked(world: World, *rows: dict[str, Any]) -> int:
    """Play a workflow of these steps until it asks; the issue's number."""
    await begin(world, text(*(rows or (ASKS, USES))))
    await world.settle()
    run = await world.run()
    assert run.waiting is not None, f"{run.state}: {run.ended_why}"
    return run.subject.number


async def outputs(world: World) -> dict[str, Any]:
    """What each step handed over."""
    run = await world.run()
    async with world.services.store.read() as db:
        return {step.key: step.output for step in await steps.all_(db, run.id) if step.state == "done"}


async def heard(world: World) -> None:
    """What was said has come in, and no worker has looked at it yet."""
    await world.town.github.webhooks.delivered()
    await drain(world.services)


async def outcomes(world: World) -> list[str]:
    """What became of every signal, as the journal has it."""
    return [str(event.facts["outcome"]) for event in await world.journal() if event.name == "signal.applied"]


async def nothing_taken(world: World) -> bool:
    run = await world.run()
    assert run.waiting is not None
    return (run.state, run.waiting.what) == ("waiting", "answer") and "colour" not in await outputs(world)


# Asking ---------------------------------------------------------------------------------------------------------


async def test_a_question_names_whoever_asked_for_the_run_and_the_answer_is_handed_on(world: World) -> None:
    issue = await asked(world)
    question = world.replies(issue)[-1]
    assert question == (
        "@rosa, the workflow `own` asks you:\n\n"
        "> Which colour for “slugify() leaves hyphens at the ends and doubles them”?\n\n"
        "To answer, comment `/answer` followed by your answer, on the same line. To stop, comment `/reject` with a "
        "reason."
    )
    run = await world.run()
    assert run.waiting is not None
    assert (run.state, run.waiting.what, run.waiting.person) == ("waiting", "answer", "rosa")
    assert run.waiting.asked_in == world.comments(issue)[-1].id
    posted(world, issue, "**✋ Waiting**: `colour` waits for an answer of ＠rosa.")
    said = await world.requester.comment(issue, "Let me think.\n\n/answer a deep `blue`; $(id)")
    await world.settle()
    assert (await world.run()).state == "succeeded"
    found = await outputs(world)
    assert found["colour"] == {"answer": "a deep `blue`; $(id)", "by": "rosa", "comment": said.id}
    assert found["paint"]["output"] == "a deep `blue`; $(id), as rosa said"
    journal = [(event.name, event.actor) for event in await world.journal() if event.actor != "pullwright"]
    assert journal[-3:] == [("signal.answer", "rosa"), ("answer.taken", "rosa"), ("signal.applied", "rosa")]
    assert [reaction.content for reaction in said.reactions] == ["eyes"]


async def test_words_of_strangers_in_a_question_call_nobody(world: World) -> None:
    issue = await world.requester.open_issue("@ada <!-- pullwright --> fixes #1", "A body.")
    await begin(world, text(ASKS), issue=issue.number)
    await world.settle()
    assert "> Which colour for “＠ada  fixes ＃1”?" in world.replies(issue.number)[-1]


async def test_whoever_may_start_work_may_answer_for_the_one_who_was_asked(world: World) -> None:
    issue = await asked(world)
    await newcomer(world, "theo", "triage").comment(issue, "/answer red")
    await world.settle()
    assert (await outputs(world))["colour"]["by"] == "theo"


async def test_every_question_waits_for_an_answer_of_its_own(world: World) -> None:
    issue = await asked(world, ASKS, {"id": "sure", "ask": {"question": "Sure of ${{ steps.colour.answer }}?"}})
    await world.requester.comment(issue, "/answer blue")
    await world.settle()
    assert (await world.run()).state == "waiting"
    assert "> Sure of blue?" in world.replies(issue)[-1]
    await world.requester.comment(issue, "/answer yes")
    await world.settle()
    found = await outputs(world)
    assert (found["colour"]["answer"], found["sure"]["answer"]) == ("blue", "yes")
    assert len([said for said in world.replies(issue) if "asks you" in said]) == 2


# What does not count --------------------------------------------------------------------------------------------


async def test_a_stranger_does_not_answer_and_is_told_once(world: World) -> None:
    issue = await asked(world)
    stranger = newcomer(world, "sam")
    before = len(world.replies(issue))
    for words in ("/answer mine", "/answer mine, I say", "/answer"):
        await stranger.comment(issue, words)
        await world.settle()
    (refusal,) = world.replies(issue)[before:]
    assert refusal == (
        "Not done: `/answer` needs the role `triage` or above, and @sam has the role `read`. "
        "Somebody who may answer can look at this answer and say `/ok-to-run`."
    )
    assert await nothing_taken(world)
    assert await outcomes(world) == []


async def test_an_answer_that_is_edited_before_it_is_taken_does_not_count(world: World) -> None:
    issue = await asked(world)
    said = await world.requester.comment(issue, "/answer blue\n\nThat is all.")
    await heard(world)
    world.clock.leap(30)
    await world.approver.edit_comment(said.id, "/answer blue\n\nThat is all, and pay me.")
    await world.settle()
    assert world.replies(issue)[-1] == (
        "The answer of @rosa does not count: its comment was edited or deleted before it was read. "
        "In a new comment, write `/answer` followed by your answer, on the same line."
    )
    assert await outcomes(world) == ["refused: the comment is gone or was edited", "voided 0"]
    assert await nothing_taken(world)
    await world.requester.comment(issue, "/answer blue")
    await world.settle()
    assert (await world.run()).state == "succeeded"


async def test_an_answer_that_is_deleted_before_it_is_taken_does_not_count(world: World) -> None:
    issue = await asked(world)
    said = await world.requester.comment(issue, "/answer blue")
    await heard(world)
    await world.requester.delete_comment(said.id)
    await world.settle()  # GitHub may show it late: nothing is decided yet
    assert "does not count" not in world.replies(issue)[-1]
    await world.settle_in_time()
    assert world.replies(issue)[-1].startswith("The answer of @rosa does not count: its comment was edited or deleted")
    assert await nothing_taken(world)


async def test_an_answer_of_somebody_whose_role_was_taken_away_meanwhile_does_not_count(world: World) -> None:
    issue = await asked(world)
    await world.requester.comment(issue, "/answer blue")
    await heard(world)
    give(world, "rosa", "read")
    await world.settle()
    assert world.replies(issue)[-1] == (
        "Not done: `/answer` needs the role `triage` or above, and @rosa has the role `read`. "
        "Ask somebody with the role `triage`, or an admin of this repository to give you that role."
    )
    assert await nothing_taken(world)


async def test_the_first_of_two_answers_counts_and_the_other_is_told(world: World) -> None:
    issue = await asked(world)
    await world.requester.comment(issue, "/answer blue")
    await world.approver.comment(issue, "/answer red")
    await heard(world)
    await world.settle()
    assert (await outputs(world))["paint"]["output"] == "blue, as rosa said"
    assert "This question was already answered: the run continues with what @rosa said." in world.replies(issue)
    assert await outcomes(world) == ["taken", "refused: @rosa answered before"]
    await world.approver.comment(issue, "/answer red, still")
    await world.settle()
    assert world.replies(issue)[-1] == "Nothing waits for an answer here: no run is active."


async def test_an_answer_given_before_the_question_does_not_answer_it(world: World) -> None:
    issue = (await world.requester.open_issue("Paint it")).number
    await begin(world, text(PAUSES, ASKS), issue=issue)
    await world.settle()
    early = await world.requester.comment(issue, "/answer blue")
    await world.settle()
    assert world.replies(issue)[-1].startswith("Nothing waits for an answer here: run ")
    world.clock.leap(301)
    await world.settle()
    assert early.id < world.comments(issue)[-1].id
    assert await nothing_taken(world)


async def test_an_answer_to_a_question_just_answered_does_not_answer_the_next_one(world: World) -> None:
    issue = await asked(world, ASKS, {"id": "sure", "ask": {"question": "Sure of ${{ steps.colour.answer }}?"}})
    late: list[int] = []

    async def answers_meanwhile(request: web.Request, act: Act) -> web.StreamResponse:
        """While our worker asks what role rosa has, ada answers as well."""
        judges = request.path.endswith("/collaborators/rosa/permission") and (await world.run()).state == "running"
        if judges and not late:
            late.append((await world.approver.comment(issue, "/answer red")).id)
            await heard(world)
        return await act(request)

    await world.requester.comment(issue, "/answer blue")
    await heard(world)
    world.town.github.middlewares.append(answers_meanwhile)
    await world.settle()
    assert await outcomes(world) == ["taken", "refused: written before the question"]
    assert world.replies(issue)[-1].startswith("That was written before the question was asked.")
    run = await world.run()
    assert run.waiting is not None
    assert run.waiting.asked_in is not None
    assert run.waiting.asked_in > late[0]
    assert set(await outputs(world)) == {"colour", "colour/answer"}


# Everything else that people say to a run that asks -------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "state", "why"),
    [
        ("/reject no colour at all", "rejected", "@rosa rejected the run: no colour at all"),
        ("/cancel", "cancelled", "cancelled by @rosa"),
    ],
)
async def test_a_run_that_asks_can_be_ended(world: World, words: str, state: str, why: str) -> None:
    issue = await asked(world)
    await world.requester.comment(issue, words)
    await world.settle()
    run = await world.run()
    assert (run.state, run.ended_why) == (state, why)


@pytest.mark.parametrize("row", [ASKS, PAUSES], ids=["ask", "wait"])
async def test_a_run_ends_with_its_issue_whatever_it_waits_for(world: World, row: dict[str, Any]) -> None:
    issue = await asked(world, row)
    await world.requester.close_issue(issue)
    await world.settle()
    run = await world.run()
    assert (run.state, run.ended_why) == ("cancelled", "@rosa closed the issue")


@pytest.mark.parametrize("row", [ASKS, PAUSES, RETRIES], ids=["ask", "wait", "retry"])
async def test_an_approval_that_nothing_asks_for_is_told_so_and_the_run_waits_on(
    world: World, row: dict[str, Any]
) -> None:
    issue = await asked(world, row)
    before = await world.run()
    said = await world.approver.comment(issue, "/approve 0a49458480fe")
    await world.settle()
    assert world.replies(issue)[-1] == (
        "The run is not asking for an approval at the moment, so this one does not count. Wait until it asks."
    )
    world.clock.leap(30)
    await world.approver.edit_comment(said.id, "/approve 0a49458480ff")
    await world.settle()
    assert await outcomes(world) == ["refused: nothing asks for an approval", "voided 0"]
    run = await world.run()
    assert (run.state, run.waiting) == ("waiting", before.waiting)
    assert [event.name for event in await world.journal()].count("step.failed") == (row is RETRIES)


async def test_what_is_said_while_a_command_fails_brings_its_next_attempt_no_nearer(world: World) -> None:
    issue = (await world.requester.open_issue("Paint it")).number
    await begin(world, text(RETRIES), issue=issue)
    await world.approver.comment(issue, "/approve 0a49458480fe")
    await heard(world)
    await world.settle()
    assert (await world.run()).state == "waiting"
    assert await outcomes(world) == ["refused: nothing asks for an approval"]
    assert [event.name for event in await world.journal()].count("step.failed") == 1


@pytest.mark.parametrize("row", [PAUSES, RETRIES], ids=["wait", "retry"])
async def test_a_run_that_lets_time_pass_can_be_rejected(world: World, row: dict[str, Any]) -> None:
    issue = await asked(world, row)
    await world.requester.comment(issue, "/reject not today")
    await world.settle()
    run = await world.run()
    assert (run.state, run.ended_why) == ("rejected", "@rosa rejected the run: not today")


# Time -----------------------------------------------------------------------------------------------------------


async def test_a_wait_ends_when_its_time_has_passed_and_not_before(world: World) -> None:
    began = world.clock.now()
    after = {"id": "after", "run": "echo $N", "env": {"N": "${{ steps.pause.waited_seconds }}"}}
    issue = await asked(world, PAUSES, after)
    run = await world.run()
    assert run.waiting is not None
    assert run.waiting.not_before is not None
    assert (run.state, run.waiting.what, run.lease_owner) == ("waiting", "time", None)
    assert 300 <= (run.waiting.not_before - began).total_seconds() < 300 + 60
    until = f"{run.waiting.not_before:%Y-%m-%d %H:%M:%S} UTC"
    posted(world, issue, f"**✋ Waiting**: `pause` waits until {until}.")
    world.clock.leap(240)
    await world.settle()
    assert (await world.run()).state == "waiting"
    world.clock.leap(61)
    await world.settle()
    assert (await world.run()).state == "succeeded"
    assert 300 <= (await outputs(world))["pause"]["waited_seconds"] < 400


async def test_neither_a_crash_nor_an_early_wake_begins_a_wait_anew(world: World) -> None:
    await asked(world, PAUSES)
    until = (await world.run()).waiting
    for _ in range(3):
        world.clock.leap(90)
        await world.another_worker()
        async with world.services.store.begin() as db:
            assert await runs.wake(db, (await world.run()).id, world.clock.now())
        await world.settle()
        assert (await world.run()).waiting == until
    world.clock.leap(31)
    await world.settle()
    assert (await world.run()).state == "succeeded"


async def test_a_worker_that_comes_late_finds_the_time_passed(world: World) -> None:
    await begin(world, text(PAUSES))
    await world.settle()
    world.clock.leap(3_600)
    await world.another_worker()
    await world.settle()
    assert (await outputs(world))["pause"]["waited_seconds"] >= 3_600


# Crashes --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "arrival"),
    [
        ("store.after_commit", 2),
        *[("store.after_commit", n) for n in (0, 1, 3, 4, 5, 6, 7)],
        ("effect.after_act", 0),
        ("effect.after_act", 1),
        ("memo.before_keep", 0),
        ("step.before_outcome", 0),
        ("step.after_intent", 0),
    ],
)
async def test_a_crash_repeats_no_question_and_loses_no_answer(world: World, point: str, arrival: int) -> None:
    """The worker dies once while the run begins to wait, once while it asks, and once while it is answered."""
    deaths = 0

    async def survive() -> None:
        nonlocal deaths
        passed = iter(range(10_000))

        def die() -> None:
            if next(passed) == arrival:
                raise Died

        faults.arm(point, die)
        try:
            await world.settle()
        except Died:
            deaths += 1
            faults.disarm()
            await world.another_worker()
            world.clock.leap(61)
            await world.settle()
        faults.disarm()

    await begin(world, text(PAUSES, ASKS, USES))
    await survive()
    world.clock.leap(301)
    await survive()
    issue = (await world.run()).subject.number
    await world.requester.comment(issue, "/answer blue")
    await world.approver.comment(issue, "/answer red")
    await survive()
    assert deaths > 0
    run = await world.run()
    assert (run.state, run.ended_why) == ("succeeded", "every step is done")
    assert (await outputs(world))["paint"]["output"] == "blue, as rosa said"
    assert len([said for said in world.replies(issue) if "asks you" in said]) == 1
    assert [event.name for event in await world.journal()].count("answer.taken") == 1


@pytest.mark.slow
async def test_another_worker_takes_the_answer_that_the_first_one_asked_for(world: World) -> None:
    issue = await asked(world)
    await world.another_worker()
    await world.requester.comment(issue, "/answer blue")
    await world.settle()
    assert (await world.run()).state == "succeeded"
    assert len([one for one in world.replies(issue) if "asks you" in one]) == 1
