"""What was stored is routed once, whatever stands before it in the queue; what nobody picked up is rung for again."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import stamina

from adapters.store import deliveries, runs
from core.clock import FixedClock
from core.names import RunId, Subject, SubjectKind, WorkerId
from core.runs import Delivery, NewRun
from jobs import clock, intake, patience
from jobs.services import Services


@dataclass
class Bells:
    """A doorbell that remembers who rang."""

    rung: list[str] = field(default_factory=list)
    left: int | None = 0
    """How many of them nobody has heard yet."""

    async def unheard(self) -> int | None:
        return self.left

    async def ring_intake(self) -> None:
        self.rung.append("intake")

    async def ring_run(self, run_id: RunId, number: int) -> None:
        self.rung.append(f"{run_id} {number}")

    async def ping(self) -> bool:
        return True


def _delivery(services: Services, guid: str, event: str, body: object) -> Delivery:
    return Delivery(
        hook_id="1", guid=guid, event=event, body=json.dumps(body).encode(), received_at=services.clock.now()
    )


async def _stored(services: Services, *found: Delivery) -> None:
    async with services.store.begin() as db:
        await deliveries.insert(db, found)


async def _outcomes(services: Services) -> dict[str, str | None]:
    async with services.store.read() as db:
        return {row.guid: row.outcome for row in await deliveries.list_(db, 50)}


def _labelled() -> dict[str, object]:
    """A labelling that cannot be judged while GitHub is away."""
    person = {"id": 9, "login": "rosa", "type": "User"}
    return {
        "action": "labeled",
        "label": {"name": "pullwright:implement"},
        "issue": {
            "id": 1,
            "number": 1,
            "node_id": "I_1",
            "title": "t",
            "user": person,
            "state": "open",
            "created_at": "2026-01-01T00:00:00Z",
        },
        "repository": {
            "id": 7,
            "node_id": "R_7",
            "name": "slugs",
            "full_name": "acme/slugs",
            "owner": {**person, "login": "acme"},
            "default_branch": "main",
        },
        "installation": {"id": 3},
        "sender": person,
    }


async def test_a_delivery_that_cannot_be_read_does_not_keep_the_others_waiting(services: Services) -> None:
    poison = Delivery(
        hook_id="1",
        guid="poison",
        event="issues",
        body=b'{"action": "labeled", "label": 3}',
        received_at=services.clock.now(),
    )
    await _stored(services, poison, _delivery(services, "fine", "ping", {"zen": "z", "hook_id": 1}))
    await intake.drain(services)
    found = await _outcomes(services)
    assert (found["fine"] or "").startswith("ignored")


async def test_a_delivery_that_cannot_be_judged_now_waits_and_is_looked_at_again(services: Services) -> None:
    await _stored(services, _delivery(services, "later", "issues", _labelled()))
    with stamina.set_testing(True, attempts=1):
        await intake.drain(services)
    assert isinstance(services.clock, FixedClock)
    async with services.store.read() as db:
        assert await deliveries.pending(db, services.clock.now(), 9) == []
        after = services.clock.now() + timedelta(seconds=patience.RETRY_SECONDS)
        (again,) = await deliveries.pending(db, after, 9)
    assert again.guid == "later"


async def test_of_two_intakes_that_saw_the_same_delivery_one_routes_it(services: Services) -> None:
    delivery = _delivery(services, "one", "ping", {"zen": "z", "hook_id": 1})
    await _stored(services, delivery)
    async with services.store.begin() as db:
        assert await deliveries.routed(db, delivery, "first", services.clock.now())
    async with services.store.begin() as db:
        assert not await deliveries.routed(db, delivery, "second", services.clock.now())
    await intake.drain(services)
    assert await _outcomes(services) == {"one": "first"}


async def test_a_tick_rings_for_every_due_run_and_for_intake(services: Services, run_id: RunId) -> None:
    bells = Bells()
    await clock.tick(replace(services, doorbell=bells))
    assert bells.rung == [f"{run_id} 1", "intake"]
    await clock.tick(replace(services, doorbell=bells))
    assert bells.rung[2:] == [f"{run_id} 2", "intake"]


async def test_no_more_bells_are_rung_than_there_are_due_runs_for_which_none_waits(
    services: Services, run_id: RunId
) -> None:
    async with services.store.begin() as db:
        first = await runs.require(db, run_id)
        for number in range(3):
            subject = Subject(kind=SubjectKind.issue, number=100 + number)
            named = {"id": RunId(f"other{number}"), "trigger_key": f"other:{number}", "subject": subject}
            pinned = {name: getattr(first, name) for name in NewRun.model_fields}
            assert await runs.insert(db, NewRun(**{**pinned, **named})) is runs.Inserted.started
    for waiting, rung in ((3, 1), (4, 0), (9, 0), (None, 0), (0, 4)):
        bells = Bells(left=waiting)
        await clock.tick(replace(services, doorbell=bells))
        assert len(bells.rung) == rung + 1, "and one for intake"
        assert bells.rung[-1] == "intake"


async def test_a_run_that_is_held_is_not_rung_for_until_its_lease_has_run_out(
    services: Services, run_id: RunId
) -> None:
    async with services.store.begin() as db:
        await runs.claim(db, run_id, WorkerId("one"), services.clock.now(), 60)
    bells = Bells()
    await clock.tick(replace(services, doorbell=bells))
    assert bells.rung == ["intake"]
    assert isinstance(services.clock, FixedClock)
    services.clock.advance(61)
    await clock.tick(replace(services, doorbell=bells))
    assert bells.rung[1:] == [f"{run_id} 1", "intake"]


async def test_only_the_leader_ticks_and_another_leads_once_it_is_gone(services: Services, run_id: RunId) -> None:
    first, second = Bells(), Bells()
    await clock.tick(replace(services, doorbell=first, worker=WorkerId("first")))
    await clock.tick(replace(services, doorbell=second, worker=WorkerId("second")))
    assert (len(first.rung), second.rung) == (2, [])
    assert isinstance(services.clock, FixedClock)
    services.clock.advance(services.settings.clock_seconds * 3 + 1)
    await clock.tick(replace(services, doorbell=second, worker=WorkerId("second")))
    assert second.rung == [f"{run_id} 2", "intake"]


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 30), (1, 60), (4, 480), (10, 3600), (5000, 3600)])
def test_an_answer_that_cannot_be_given_is_tried_at_ever_longer_intervals(attempts: int, seconds: float) -> None:
    assert patience.pause(attempts) == seconds
