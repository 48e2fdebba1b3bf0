"""No delivery is ever lost: an hour without a receiver, and deliveries that nobody can judge."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import aiohttp
import pytest
import sqlalchemy as sa
import stamina
from story_trust import all_runs, forge, told
from story_world import LABEL, World

from adapters.store import deliveries, effects, tables
from adapters.store.deliveries import Receipt
from bot.demo.github.webhooks import signatures
from bot.web.metrics import Metrics
from core import faults
from core.runs import EffectState
from jobs.intake import drain
from jobs.patience import RETRY_SECONDS
from jobs.sweep import sweep

NOBODY = "http://127.0.0.1:1/webhooks/github"
LABELS, HELPS, EDITS, COMMENTS = 12, 8, 230, 237
EVENTS = 500
"""All that is told of them: opening the issues counts too, and the installation, before which nobody listened."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield
    faults.disarm()


async def _received(world: World) -> list[Receipt]:
    async with world.services.store.read() as db:
        return await deliveries.list_(db, 10_000)


async def _drain_all(world: World) -> None:
    """Route what there is, and give the answers; runs stay queued."""
    await world.town.github.webhooks.delivered()
    for _ in range(10):
        await drain(world.services)
        async with world.services.store.read() as db:
            if not await effects.pending_loose(db, world.services.clock.now(), 1):
                return
    raise AssertionError("the answers come to no end")


async def _live_for_an_hour(world: World) -> None:
    """500 events; among them what must start work and what must be answered, spread over all of them."""
    person, github = world.requester, world.town.github
    issues = [(await person.open_issue(f"issue {number}")).number for number in range(LABELS)]
    for number in range(max(EDITS, COMMENTS)):
        if number < EDITS:
            await person.edit_issue(issues[0], title=f"issue, edition {number}")
        if number < COMMENTS:
            await person.comment(issues[number % LABELS], f"I think so too. {number}")
        if number % 20 == 7 and (turn := number // 20) < LABELS:
            await person.label(issues[turn], LABEL)
        if number % 25 == 3 and number // 25 < HELPS:
            await person.comment(issues[number // 25], "/help")
        if number % 50 == 0:
            await github.webhooks.delivered()
            world.clock.leap(10 * 60)
    await github.webhooks.delivered()


@pytest.mark.slow
async def test_500_events_of_an_hour_without_a_receiver_are_each_done_once_after_the_start(quick: World) -> None:
    github, hook = quick.town.github, quick.town.app.hook
    here, hook.url = hook.url, NOBODY
    await _live_for_an_hour(quick)
    lost = {each.guid: each.event for each in github.webhooks.log}
    assert len(lost) == EVENTS
    assert {each.status_code for each in github.webhooks.log} == {502}
    assert await _received(quick) == []

    hook.url = here
    swept = await sweep(quick.services, pace_seconds=0)
    assert (swept.missing, swept.asked, swept.put_off) == (EVENTS, EVENTS, None)
    await _drain_all(quick)

    # What the bot's own answers made GitHub tell is not among them.
    found = {each.guid: each for each in await _received(quick) if each.guid in lost}
    assert {guid: each.event for guid, each in found.items()} == lost
    assert {each.state.value for each in found.values()} == {"routed"}
    runs = await all_runs(quick)
    assert sorted(run.subject.number for run in runs) == list(range(1, LABELS + 1))
    helped = [reply for reply in quick.replies() if "`/implement" in reply]
    assert len(helped) == HELPS == len(quick.replies())

    again = await sweep(quick.services, pace_seconds=0)
    assert (again.missing, again.asked) == (0, 0)
    await _drain_all(quick)
    assert len(await all_runs(quick)) == LABELS
    assert len(quick.replies()) == HELPS


async def test_what_comes_twice_and_in_the_wrong_order_is_done_once(quick: World) -> None:
    """The same events under new GUIDs, the newest first: what a person's *Redeliver* and a relay can do together."""
    issue = await quick.requester.open_issue("one")
    await quick.requester.label(issue.number, LABEL)
    await quick.requester.comment(issue.number, "/help")
    await _drain_all(quick)
    log = [each for each in quick.town.github.webhooks.log if each.event in {"issues", "issue_comment"}]
    for each in [*reversed(log), *log]:
        await forge(quick, each.event, json.loads(each.body))
    await _drain_all(quick)
    assert len(await all_runs(quick)) == 1
    assert len(quick.replies()) == 1
    assert {each.state.value for each in await _received(quick)} == {"routed"}


async def test_a_command_under_the_name_of_another_event_does_nothing(quick: World) -> None:
    """The name of the event stands in a header, which is not signed."""
    issue = await quick.requester.open_issue("one")
    quick.town.app.hook.url, here = NOBODY, quick.town.app.hook.url
    await quick.requester.comment(issue.number, "/help")
    await quick.town.github.webhooks.delivered()
    quick.town.app.hook.url = here
    payload = json.loads(told(quick, "issue_comment", "created").body)
    for name in ("issues", "pull_request", "pull_request_review", "check_run", "push", "marketplace_purchase"):
        await forge(quick, name, payload)
    await _drain_all(quick)
    assert quick.replies() == []
    outcomes = Counter(each.event for each in await _received(quick) if (each.outcome or "").startswith("ignored: "))
    assert outcomes >= Counter(["issues", "pull_request", "pull_request_review", "check_run", "push"])


async def test_a_delivery_that_can_never_be_judged_is_dead_after_five_attempts_and_seen(quick: World) -> None:
    issue = await quick.requester.open_issue("one")
    await _drain_all(quick)
    quick.town.github.faults.fail_next("GET", "/repos/acme/slugs", 422, times=99, message="No such thing")
    await quick.requester.comment(issue.number, "/help")
    pauses = []
    for _ in range(4):
        await _drain_all(quick)
        (waiting,) = [each for each in await _received(quick) if each.state == "pending"]
        assert waiting.not_before is not None
        pauses.append(round((waiting.not_before - quick.clock.now()).total_seconds()))
        quick.clock.leap(pauses[-1] + 1)
    assert pauses == [30, 60, 120, 240]
    await _drain_all(quick)
    (dead,) = [each for each in await _received(quick) if each.state == "dead"]
    assert (dead.attempts, dead.outcome) == (5, None)
    assert dead.error == "GitHub answered 422 to GET /repos/acme/slugs: No such thing"
    numbers = Metrics()
    await numbers.look(quick.services.store)
    assert b'pullwright_deliveries{state="dead"} 1.0' in numbers.text()

    quick.town.github.faults.clear()
    async with quick.services.store.begin() as db:
        assert await deliveries.revive(db, dead.hook_id, dead.guid)
    await _drain_all(quick)
    assert len(quick.replies()) == 1


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(503, {}, RETRY_SECONDS), (0, {}, RETRY_SECONDS), (429, {"retry-after": "77"}, 77)],
    ids=["down", "unreachable", "limited"],
)
async def test_an_outage_never_counts_against_a_delivery(
    quick: World, status: int, headers: dict[str, str], seconds: int
) -> None:
    issue = await quick.requester.open_issue("one")
    await _drain_all(quick)
    quick.town.github.faults.fail_next("GET", "/repos/acme/slugs", status, times=12, headers=headers)
    await quick.requester.comment(issue.number, "/help")
    before, looks = quick.clock.now(), 0
    await _drain_all(quick)
    first = await _one_pending(quick)
    pause = timedelta(seconds=seconds)
    assert before + pause <= first.not_before <= quick.clock.now() + pause
    while not quick.replies():
        # Later looks may come earlier or later: after some failures GitHub is left alone for a while, by everybody.
        waiting = await _one_pending(quick)
        assert waiting.attempts == 0
        quick.clock.leap((waiting.not_before - quick.clock.now()).total_seconds() + 1)
        await _drain_all(quick)
        looks += 1
    assert looks >= 12
    assert len(quick.replies()) == 1


async def _one_pending(world: World) -> Receipt:
    (waiting,) = [each for each in await _received(world) if each.state == "pending"]
    assert waiting.not_before is not None
    return waiting


async def test_an_answer_that_crashes_us_does_not_keep_the_others_from_being_given(quick: World) -> None:
    first, second = [(await quick.requester.open_issue(title)).number for title in ("one", "two")]
    for number in (first, second):
        await quick.requester.comment(number, "/help")
    struck = iter(range(1))

    def strike() -> None:
        if next(struck, None) is not None:
            raise ZeroDivisionError("nobody foresaw this")

    faults.arm("effect.before_act", strike)
    await _drain_all(quick)
    assert len(quick.replies(second)) == 1
    assert quick.replies(first) == []
    quick.clock.leap(RETRY_SECONDS + 1)
    await _drain_all(quick)
    assert len(quick.replies(first)) == 1
    async with quick.services.store.read() as db:
        assert await effects.unsettled_loose(db) == 0


@pytest.mark.slow
async def test_an_answer_that_always_crashes_us_is_given_up_after_five_attempts(quick: World) -> None:
    issue = await quick.requester.open_issue("one")
    await quick.requester.comment(issue.number, "/help")

    def strike() -> None:
        raise ZeroDivisionError("nobody foresaw this")

    faults.arm("effect.before_act", strike)
    for _ in range(5):
        await _drain_all(quick)
        quick.clock.leap(600)
    async with quick.services.store.read() as db:
        assert await effects.unsettled_loose(db) == 0
        said = await db.execute(sa.select(tables.effects).where(tables.effects.c.key.startswith("say:")))
        assert [(row.state, row.error) for row in said] == [
            (EffectState.failed, "ZeroDivisionError('nobody foresaw this')")
        ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401),
        ({"X-Hub-Signature-256": ""}, 401),
        ({"X-GitHub-Event": "Not An Event"}, 400),
        ({"X-GitHub-Delivery": ""}, 400),
    ],
)
async def test_what_is_refused_leaves_nothing_and_can_be_sent_again(
    quick: World, change: dict[str, str], status: int
) -> None:
    await quick.requester.open_issue("one")
    await _drain_all(quick)
    before = len(await _received(quick))
    sent = told(quick, "issues", "opened")
    right = {**sent.headers, **signatures(sent.hook, sent.body), "X-GitHub-Delivery": "a-new-guid"}
    async with aiohttp.ClientSession() as session:
        for headers, expected in (({**right, **change}, status), (right, 202), (right, 202)):
            async with session.post(sent.hook.url, data=sent.body, headers=headers) as answer:
                assert answer.status == expected
    assert len(await _received(quick)) == before + 1
