"""What GitHub allows an installation is never exceeded, whatever several workers ask for and however they die."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.allowance import (
    AHEAD,
    AT_ONCE,
    COST,
    KEPT_FOR_READS,
    MOST_POINTS,
    Allowance,
    Grant,
    Heard,
    Kind,
    Wait,
)
from core.clock import FixedClock

KINDS: tuple[Kind, ...] = ("read", "read", "read", "write", "content")


@dataclass
class Worker:
    """A process that uses its grant as the governor does."""

    name: str
    grant: Grant | None = None


@dataclass(frozen=True)
class Sent:
    at: float
    kind: Kind


class Office:
    """Several workers at one allowance, and GitHub's log of what they sent."""

    def __init__(self, workers: int) -> None:
        self.clock = FixedClock()
        self.allowance = Allowance(caller="installation:9")
        self.workers = [Worker(str(number)) for number in range(workers)]
        self.sent: list[Sent] = []

    def send(self, worker: Worker, kind: Kind) -> Wait | None:
        now = self.clock.now()
        if worker.grant is None or not worker.grant.covers(kind, now):
            left = worker.grant.left if worker.grant is not None else None
            self.allowance, answer = self.allowance.claimed(kind, worker.name, now, left=left)
            worker.grant = None
            if isinstance(answer, Wait):
                return answer
            worker.grant = answer
        worker.grant = replace(worker.grant, points=worker.grant.points - COST[kind])
        self.sent.append(Sent(now.timestamp(), kind))
        return None

    def leave(self, worker: Worker) -> None:
        left = worker.grant.left if worker.grant is not None else None
        self.allowance = self.allowance.settled(self.clock.now(), left=left, leaves=worker.name)
        worker.grant = None

    def windows(self, seconds: float) -> Iterator[list[Sent]]:
        """What was sent in each window of this length, also where it is counted a few seconds late."""
        first = 0
        for last, sent in enumerate(self.sent):
            while self.sent[first].at <= sent.at - seconds:
                first += 1
            yield self.sent[first : last + 1]


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), workers=st.integers(1, 9), eager=st.floats(0.001, 2.0))
def test_no_window_holds_more_than_github_allows_however_many_work_and_die(
    seed: int, workers: int, eager: float
) -> None:
    chance, office = random.Random(seed), Office(workers)
    for _ in range(1_000):
        office.clock.advance(chance.random() * eager)
        worker = chance.choice(office.workers)
        match chance.random():
            case number if number < 0.02:
                worker.grant = None  # it died, and its grant with it
            case number if number < 0.05:
                office.leave(worker)
            case _:
                office.send(worker, chance.choice(KINDS))
    for window in office.windows(60):
        assert sum(COST[one.kind] for one in window) <= 900
        assert sum(one.kind == "content" for one in window) <= 80
    for window in office.windows(3600):
        assert sum(one.kind == "content" for one in window) <= 500


def test_the_contents_of_an_hour_are_spread_over_the_workers_and_never_more_than_500() -> None:
    office = Office(4)
    for _ in range(3 * 3600):
        office.clock.advance(1)
        for worker in office.workers:
            office.send(worker, "content")
    assert max(len(window) for window in office.windows(3600)) <= 500
    assert max(len(window) for window in office.windows(60)) <= 80
    assert len(office.sent) > 3 * 440


def test_while_there_is_plenty_one_look_at_the_store_is_enough_for_many_reads() -> None:
    _, grant = Allowance(caller="app").claimed("read", "one", FixedClock().now())
    assert isinstance(grant, Grant)
    assert (grant.points, grant.at_once, grant.plenty, grant.quiet) == (1 + AHEAD, AT_ONCE, True, True)


def test_once_there_is_not_plenty_writes_come_one_a_second_and_reads_at_once() -> None:
    office = Office(2)
    one, two = office.workers
    while one.grant is None or one.grant.plenty:
        assert office.send(one, "read") is None
    assert office.send(one, "write") is None
    office.clock.advance(0.4)
    assert office.send(two, "write") == Wait(0.6, "one write a second")
    assert office.send(two, "read") is None
    office.clock.advance(0.6)
    assert office.send(two, "write") is None


def test_reads_go_on_where_writes_have_to_wait() -> None:
    office = Office(1)
    (one,) = office.workers
    while sum(COST[sent.kind] for sent in office.sent) < MOST_POINTS - KEPT_FOR_READS:
        assert office.send(one, "read") is None
    refused = office.send(one, "write")
    assert refused is not None
    assert refused.why in {"900 points a minute", "one write a second"}
    for _ in range(KEPT_FOR_READS):
        assert office.send(one, "read") is None
    over = office.send(one, "read")
    assert over is not None
    assert (over.why, 60 <= over.seconds <= 75) == ("900 points a minute", True)


def test_what_was_granted_ahead_and_not_used_comes_back() -> None:
    now = FixedClock().now()
    claimed, grant = Allowance(caller="app").claimed("read", "one", now)
    assert isinstance(grant, Grant)
    slot, points = grant.left
    given_back = claimed.settled(now, left=(slot, points - 1), leaves="one")
    assert (sum(n for _, n in given_back.points), given_back.holders) == (1, ())


def test_those_who_are_sent_away_are_told_to_come_back_one_by_one() -> None:
    now, allowance, told = FixedClock().now(), Allowance(caller="app"), []
    for _ in range(3):
        allowance, wait = allowance.sent_away(Wait(30, "500 contents an hour"), now)
        told.append(wait.seconds)
    assert told == [30, 31, 32]


def test_never_more_than_a_hundred_requests_are_under_way_in_all_workers_together() -> None:
    clock, allowance, given = FixedClock(), Allowance(caller="installation:9"), []
    for number in range(20):
        allowance, answer = allowance.claimed("read", str(number), clock.now())
        given.append(answer.at_once if isinstance(answer, Grant) else 0)
    assert sum(given) <= 100
    assert isinstance(answer, Wait)
    assert answer.why == "100 requests at a time"
    _, later = allowance.settled(clock.now(), leaves="3").claimed("read", "new", clock.now())
    assert isinstance(later, Grant)


def test_what_github_counts_is_believed_and_nothing_more_is_granted_until_its_hour_is_over() -> None:
    clock = FixedClock()
    reset = clock.now() + timedelta(minutes=20)
    heard = Heard(at=clock.now(), limit=5000, remaining=1, resets_at=reset)
    allowance, last = Allowance(caller="installation:9").claimed("read", "one", clock.now(), heard=heard)
    assert isinstance(last, Grant)
    assert last.points == 1
    allowance, refused = allowance.claimed("read", "two", clock.now())
    assert refused == Wait(1200.0, "5000 requests an hour")
    clock.advance(1200)
    _, again = allowance.claimed("read", "two", clock.now())
    assert isinstance(again, Grant)


def test_a_count_of_an_hour_that_is_over_or_was_heard_long_ago_says_nothing() -> None:
    clock = FixedClock()
    early = Heard(at=clock.now(), limit=5000, remaining=0, resets_at=clock.now() - timedelta(seconds=1))
    old = Heard(
        at=clock.now() - timedelta(minutes=2), limit=5000, remaining=0, resets_at=clock.now() + timedelta(minutes=9)
    )
    for heard in (early, old):
        _, answer = Allowance(caller="installation:9").claimed("read", "one", clock.now(), heard=heard)
        assert isinstance(answer, Grant)


def test_a_server_without_limits_is_asked_without_counting() -> None:
    now = FixedClock().now()
    known, grant = Allowance(caller="installation:9").claimed("content", "one", now, heard=Heard(at=now))
    assert isinstance(grant, Grant)
    assert (grant.limited, known.limited, known.points) == (False, False, ())
    again, _ = known.claimed("read", "two", now + timedelta(hours=1))
    assert again == known


def test_who_waits_for_the_contents_of_the_hour_comes_as_slowly_as_there_is_room_and_keeps_nobody_else() -> None:
    office = Office(1)
    for _ in range(3600):
        office.clock.advance(1)
        wait = office.send(office.workers[0], "content")
        if wait is not None and wait.why == "500 contents an hour":
            break
    now, waits = office.clock.now(), []
    for _ in range(3):
        _, asked = office.allowance.claimed("content", "another", now)
        assert isinstance(asked, Wait)
        office.allowance, told = office.allowance.sent_away(asked, now)
        waits.append(told.seconds)
    assert [round(later - sooner, 3) for sooner, later in pairwise(waits)] == [7.5, 7.5]
    _, other = office.allowance.sent_away(Wait(9, "900 points a minute"), now)
    assert other.seconds == 9
