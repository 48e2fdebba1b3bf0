"""Something outside is away: the run waits for it, says so, and is not given up for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from story_trust import posted, quick_world
from story_world import World

from adapters.store import runs
from core import faults
from core.errors import BotError, CircuitOpen, GitHubUnavailable, ModelAway, RateLimited
from jobs.setbacks import LONGEST_AWAY_SECONDS, OUTAGES

AWAY = GitHubUnavailable("GitHub did not answer GET /repos/acme/slugs within 20 s.")


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


def fail(times: int, error: BotError) -> Callable[[], None]:
    """A fault that raises the error so many times."""
    left = iter(range(times))

    def strike() -> None:
        if next(left, None) is not None:
            raise error

    return strike


async def test_an_outage_of_an_hour_and_a_half_is_waited_out(quick: World) -> None:
    faults.arm("step.after_intent", fail(OUTAGES - 1, AWAY))
    await quick.ask()
    await quick.settle_in_time(rounds=OUTAGES + 2, seconds=601)
    run = await quick.run()
    assert (run.state, run.outages, run.attempts) == ("waiting", 0, 0), run.ended_why
    pauses = [event.facts["seconds"] for event in await quick.journal() if event.name == "run.postponed"]
    assert pauses[:9] == [2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert set(pauses[9:]) == {600}
    assert 5_400 < sum(pauses) < 10_800


async def test_an_outage_without_end_fails_the_run_with_what_was_away(quick: World) -> None:
    faults.arm("step.after_intent", fail(1_000, AWAY))
    issue = await quick.ask()
    await quick.settle_in_time(rounds=OUTAGES + 3, seconds=601)
    run = await quick.run()
    assert (run.state, run.ended_code) == ("failed", "github-unavailable")
    assert posted(quick, issue, "❌ **This run failed** (`github-unavailable`). GitHub did not answer GET")


async def test_a_run_that_waits_for_hours_for_what_others_find_away_ends_with_what_that_is(quick: World) -> None:
    left_alone = CircuitOpen("The model `m` failed 9 times in a row, so nobody asks it.", 600)
    faults.arm("step.after_intent", fail(1_000, left_alone))
    issue = await quick.ask()
    await quick.settle_in_time(rounds=LONGEST_AWAY_SECONDS // 600 + 2, seconds=601)
    run = await quick.run()
    assert (run.state, run.ended_code, run.outages) == ("failed", "dependency-away", 0)
    pauses = [event.facts["seconds"] for event in await quick.journal() if event.name == "run.postponed"]
    assert sum(pauses) == LONGEST_AWAY_SECONDS
    assert posted(
        quick,
        issue,
        "❌ **This run failed** (`dependency-away`). The model `m` failed 9 times in a row, so nobody asks it.\n\n"
        "Comment `/retry` when it answers again; `pullwright doctor` shows what is unavailable.",
    )


async def test_a_pause_that_github_asked_for_is_kept_to_the_second(quick: World) -> None:
    faults.arm("step.after_intent", fail(1, RateLimited("GitHub limits us for 90 s at GET /x: slow down", 90)))
    await quick.ask()
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.outages, run.attempts) == ("queued", 0, 0)
    quick.clock.leap(85)
    async with quick.services.store.read() as db:
        assert await runs.due(db, quick.clock.now(), 5) == []
    quick.clock.leap(6)
    await quick.settle()
    assert (await quick.run()).state == "waiting"


@pytest.mark.slow
async def test_a_run_that_github_asks_to_wait_again_and_again_is_not_given_up(quick: World) -> None:
    faults.arm("step.after_intent", fail(OUTAGES * 2, RateLimited("GitHub limits us for 8 s at GET /x: slow down", 8)))
    await quick.ask()
    await quick.settle_in_time(rounds=OUTAGES * 2 + 2, seconds=9)
    run = await quick.run()
    assert (run.state, run.outages, run.attempts) == ("waiting", 0, 0), run.ended_why


async def test_people_are_told_of_an_outage_that_lasts_and_that_it_is_over(quick: World) -> None:
    away = ModelAway("Cannot reach the service of the model `openai/scripted`.")
    issue = await quick.ask()
    await quick.settle()
    await quick.approver.comment(issue, f"/approve {await quick.digest()}")
    faults.arm("agent.after_reply", fail(3, away))
    await quick.settle()
    for seconds in (3, 5):
        assert "Working" in quick.replies(issue)[0]
        quick.clock.leap(seconds)
        await quick.settle()
    assert quick.replies(issue)[0].startswith(
        "**✋ Waiting**: Cannot reach the service of the model `openai/scripted`. It is tried again by itself."
    )
    await quick.settle_in_time()
    assert quick.replies(issue)[0].startswith("**✋ Waiting**: 0 of 1 approvals given")
    assert len([reply for reply in quick.replies(issue) if "Cannot reach" in reply]) == 0


@pytest.mark.slow
async def test_a_run_that_was_called_off_during_an_outage_ends_after_it(at_once: World) -> None:
    issue = await at_once.ask()
    await at_once.settle()
    at_once.town.github.faults.fail_next("GET", "/repos/*/pulls/*", 500, times=12)
    await at_once.requester.comment(issue, "/cancel Not now.")
    await at_once.settle_in_time()
    run = await at_once.run()
    assert (run.state, run.ended_why) == ("cancelled", "cancelled by @rosa: Not now.")


async def test_a_crash_after_outages_is_not_taken_for_the_fifth(tmp_path: Path) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    async with quick_world(tmp_path) as world:
        faults.arm("step.after_intent", fail(6, AWAY))
        await world.ask()
        await world.settle_in_time(rounds=6, seconds=61)
        assert (await world.run()).outages == 6
        faults.arm("step.after_intent", die)
        with pytest.raises(Died):
            await world.settle_in_time(rounds=10, seconds=601)
        faults.disarm()
        await world.another_worker()
        await world.settle_in_time()
        assert (await world.run()).state == "waiting"
