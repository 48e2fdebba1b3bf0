"""Circuit breakers: when a dependency is left alone, for how long, and who may ask whether it is back."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.breakers import FAILURES, LONGEST, PROBE, SHORTEST, WINDOW, Breaker, Guard
from core.errors import (
    BotError,
    CircuitOpen,
    GitHubRefused,
    GitHubUnavailable,
    ModelAway,
    ModelUnavailable,
    NotThere,
    RateLimited,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MODEL = "model:openai/x"
CLOSED = Breaker(dependency=MODEL)


def seconds(number: float) -> datetime:
    return NOON + timedelta(seconds=number)


def failing(times: int, *, every: float = 1) -> Breaker:
    breaker = CLOSED
    for number in range(times):
        breaker = breaker.failed(seconds(number * every), "away", asked=breaker)
    return breaker


# The moves -----------------------------------------------------------------------------------------------------


def test_five_failures_in_a_row_open_it_for_thirty_seconds() -> None:
    assert failing(FAILURES - 1).until is None
    opened = failing(FAILURES)
    assert (opened.until, opened.openings, opened.why) == (seconds(4) + SHORTEST, 1, "away")
    assert opened.refuses(seconds(33.9))
    assert not opened.refuses(seconds(34))


def test_an_answer_in_between_begins_the_count_anew() -> None:
    assert failing(FAILURES - 1).answered() == CLOSED


def test_failures_that_are_far_apart_are_no_outage() -> None:
    assert failing(20, every=WINDOW.total_seconds() / 2).until is None


def test_each_probe_that_fails_opens_it_for_twice_as_long_up_to_ten_minutes() -> None:
    breaker, now, pauses = failing(FAILURES), seconds(4), list[float]()
    for _ in range(8):
        assert breaker.until is not None
        pauses.append((breaker.until - now).total_seconds())
        now = breaker.until
        probe = breaker.probed(now)
        assert probe.until == now + PROBE
        breaker = probe.failed(now, "away", asked=probe)
    assert pauses == [30, 60, 120, 240, 480, 600, 600, 600]


def test_what_was_on_its_way_when_it_opened_changes_nothing_if_it_fails() -> None:
    opened = failing(FAILURES)
    assert opened.failed(seconds(20), "late", asked=CLOSED) == opened
    probe = opened.probed(seconds(40))
    assert probe.failed(seconds(41), "late", asked=CLOSED) == probe


class Moves(RuleBasedStateMachine):
    """Calls come and go in any order: it never opens early, stays open too long, or lets two probes through."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.breaker, self.row = NOON, CLOSED, 0
        self.on_their_way: list[Breaker] = []

    @rule(passed=st.floats(0.001, 1_000))
    def time_passes(self, passed: float) -> None:
        self.now += timedelta(seconds=passed)

    @rule()
    def somebody_asks(self) -> None:
        if not self.breaker.refuses(self.now):
            was_open = self.breaker.until is not None
            self.breaker = self.breaker.probed(self.now)
            self.on_their_way.append(self.breaker)
            assert was_open == self.breaker.refuses(self.now), "one probe keeps the others out"

    @precondition(lambda self: self.on_their_way)
    @rule(data=st.data())
    def a_call_fails(self, data: st.DataObject) -> None:
        asked = self.on_their_way.pop(data.draw(st.integers(0, len(self.on_their_way) - 1)))
        self.row += 1
        self.breaker = self.breaker.failed(self.now, "away", asked=asked)

    @precondition(lambda self: self.on_their_way)
    @rule(data=st.data())
    def a_call_is_answered(self, data: st.DataObject) -> None:
        self.on_their_way.pop(data.draw(st.integers(0, len(self.on_their_way) - 1)))
        self.row = 0
        self.breaker = self.breaker.answered()

    @invariant()
    def it_is_open_only_after_enough_failures_in_a_row_and_never_for_long(self) -> None:
        if self.breaker.until is not None:
            assert self.row >= FAILURES
            assert self.breaker.openings >= 1
            assert self.breaker.until - self.now <= LONGEST


TestMoves = Moves.TestCase


# The guard -----------------------------------------------------------------------------------------------------


class Kept:
    """Breakers of one process; every look and change takes a turn of the loop, as a database does."""

    def __init__(self) -> None:
        self.known: dict[str, Breaker] = {}

    async def get(self, dependency: str) -> Breaker:
        await asyncio.sleep(0)
        return self.known.get(dependency, Breaker(dependency=dependency))

    async def move(self, dependency: str, change: Callable[[Breaker], Breaker]) -> Breaker:
        await asyncio.sleep(0)
        self.known[dependency] = change(self.known.get(dependency, Breaker(dependency=dependency)))
        return self.known[dependency]


class Moving:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def pass_(self, by: timedelta) -> None:
        self._at += by


async def ask(guard: Guard, error: BotError | None = None, dependency: str = MODEL) -> None:
    async with guard.asking(dependency):
        await asyncio.sleep(0)
        if error is not None:
            raise error


async def broken(guard: Guard, dependency: str = MODEL) -> None:
    for _ in range(FAILURES):
        with pytest.raises(ModelAway):
            await ask(guard, ModelAway("No answer."), dependency)


async def test_while_it_is_open_nobody_asks_and_everybody_is_told_until_when() -> None:
    clock, kept = Moving(NOON), Kept()
    await broken(Guard(kept, clock))
    for guard in (Guard(kept, clock), Guard(kept, clock)):
        with pytest.raises(CircuitOpen) as refused:
            await ask(guard)
        assert str(refused.value) == (
            "The model `openai/x` failed 5 times in a row, so nobody asks it before 12:00:30 UTC. No answer."
        )
        assert refused.value.retry_after_seconds == 30
    await ask(Guard(kept, clock), dependency="model:other")


async def test_of_many_that_ask_when_the_time_is_over_one_probes_and_what_comes_of_it_counts_for_all() -> None:
    clock, kept = Moving(NOON), Kept()
    await broken(Guard(kept, clock))
    clock.pass_(SHORTEST)
    came = await asyncio.gather(*(ask(Guard(kept, clock)) for _ in range(10)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in came) == ["CircuitOpen"] * 9 + ["NoneType"]
    await asyncio.gather(*(ask(Guard(kept, clock)) for _ in range(10)))


async def test_a_probe_whose_process_died_is_followed_by_another() -> None:
    clock, kept = Moving(NOON), Kept()
    await broken(Guard(kept, clock))
    clock.pass_(SHORTEST)
    task = asyncio.create_task(_hangs(Guard(kept, clock)))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(CircuitOpen):
        await ask(Guard(kept, clock))
    clock.pass_(PROBE)
    await ask(Guard(kept, clock))


async def _hangs(guard: Guard) -> None:
    async with guard.asking(MODEL):
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    "error",
    [
        GitHubRefused("422"),
        NotThere("404"),
        ModelUnavailable("The key is refused (401)."),
        RateLimited("Slow down.", 60),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_refusal_that_is_our_mistake_never_opens_it(error: BotError) -> None:
    guard = Guard(Kept(), Moving(NOON))
    for _ in range(20):
        with pytest.raises(type(error)):
            await ask(guard, error)
    await ask(guard)


async def test_a_refusal_shows_that_the_dependency_is_there() -> None:
    guard = Guard(Kept(), Moving(NOON))
    for error in [GitHubUnavailable("502")] * 4 + [NotThere("404")] + [GitHubUnavailable("502")] * 4:
        with pytest.raises(type(error)):
            await ask(guard, error)
    await ask(guard)


@given(st.lists(st.booleans(), max_size=40))
def test_it_is_refused_exactly_when_the_last_five_answers_failed(outcomes: list[bool]) -> None:
    breaker, row = CLOSED, 0
    for good in outcomes:
        if breaker.refuses(NOON):
            break
        row = 0 if good else row + 1
        breaker = breaker.answered() if good else breaker.failed(NOON, "away", asked=breaker)
    assert breaker.refuses(NOON) == (row >= FAILURES)
