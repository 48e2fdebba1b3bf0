"""The sweep: GitHub's log against our inbox. The stand-in hands over to the real receiver, where one listens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import stamina
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs

from adapters.doorbell import SilentDoorbell
from adapters.settings import load
from adapters.store import deliveries, leases
from bot.demo.github import GitHubStandIn
from bot.demo.github.people import Person
from bot.demo.github.records import App
from bot.web.app import make_app
from core.clock import FixedClock
from core.names import WorkerId
from jobs import clock
from jobs.services import Services, open_services
from jobs.sweep import INTERVAL_SECONDS, sweep

SECRET = "0123456789abcdef"
LISTING = "/app/hook/deliveries"


@dataclass
class Place:
    """A GitHub, an inbox, and a receiver that listens or does not."""

    github: GitHubStandIn
    app: App
    services: Services
    person: Person
    clock: FixedClock
    _opened: AsyncExitStack

    async def listen(self) -> None:
        runner = web.AppRunner(make_app(self.services.settings, self.services.store, SilentDoorbell(), self.clock))
        await runner.setup()
        self._opened.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.app.hook.url = f"http://{host}:{port}/webhooks/github"

    async def lose(self, count: int) -> list[str]:
        """So many comments that nobody hears of; their GUIDs, oldest first."""
        before = len(self.github.webhooks.log)
        for number in range(count):
            await self.person.comment(1, f"comment {number}")
        await self.github.webhooks.delivered()
        return [each.guid for each in self.github.webhooks.log[before:]]

    async def sweep(self, **limits: float) -> tuple[int, int]:
        """How many were missing, and how many were asked for and attempted."""
        swept = await sweep(self.services, pace_seconds=0, **limits)  # type: ignore[arg-type]
        await self.github.webhooks.delivered()
        return swept.missing, swept.asked

    async def received(self) -> set[str]:
        async with self.services.store.read() as db:
            return {one.guid for one in await deliveries.list_(db, 1000)}

    def asked(self) -> list[str]:
        """The GUIDs that GitHub was asked for, in order."""
        return [each.guid for each in self.github.webhooks.log if each.redelivery]

    def pages(self) -> int:
        """How many pages of the log were read so far."""
        return [(one.method, one.path) for one in self.github.world.requests].count(("GET", LISTING))

    def next_interval(self) -> None:
        self.clock.advance(INTERVAL_SECONDS + 1)


@pytest.fixture
async def place(tmp_path: Path, pem: str) -> AsyncIterator[Place]:
    at = FixedClock()
    source = tmp_path / "source"
    source.mkdir()
    (source / "README.md").write_text("# hello\n")
    public = (
        serialization.load_pem_private_key(pem.encode(), None)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    async with AsyncExitStack() as stack:
        github = await stack.enter_async_context(GitHubStandIn(tmp_path / "github", clock=at.now))
        github.world.hourly_limit = 0  # time stands still here, and GitHub's limits count by the minute
        github.world.create_user("mona")
        nobody = "http://127.0.0.1:1/webhooks/github"
        app = github.world.create_app("Bot", "bot", public, nobody, SECRET, {"issues": "write"}, ["issue_comment"])
        repository = await github.world.create_repository("mona", "hello", source)
        person = github.person("mona").at(repository)
        await person.open_issue("something")
        github.world.install(app, repository)
        settings = load(
            {
                "PULLWRIGHT_DATA_DIR": str(tmp_path / "data"),
                "PULLWRIGHT_DATABASE_URL": f"sqlite:///{tmp_path}/inbox.db",
                "PULLWRIGHT_APP_ID": str(app.id),
                "PULLWRIGHT_PRIVATE_KEY": pem,
                "PULLWRIGHT_GITHUB_API_URL": github.url,
                "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
                "PULLWRIGHT_SANDBOX": "none",
                "PULLWRIGHT_CLOCK_SECONDS": "0.1",
            }
        )
        services = replace(await stack.enter_async_context(open_services(settings, at)), doorbell=SilentDoorbell())
        await services.store.migrate()
        await github.webhooks.delivered()
        # The installation event went to nobody, too; it is no part of what the tests count.
        github.webhooks.log.clear()
        with stamina.set_testing(True, attempts=1):
            yield Place(github, app, services, person, at, stack)


async def test_what_could_not_be_handed_over_is_asked_for_and_arrives_once(place: Place) -> None:
    lost = await place.lose(3)
    await place.listen()
    assert await place.sweep() == (3, 3)
    assert await place.received() == set(lost)
    assert place.asked() == lost
    assert await place.sweep() == (0, 0)


async def test_what_arrived_is_not_asked_for(place: Place) -> None:
    await place.listen()
    heard = await place.lose(3)
    assert await place.received() == set(heard)
    assert await place.sweep() == (0, 0)


async def test_what_github_handed_over_but_the_inbox_does_not_have_is_asked_for_too(place: Place) -> None:
    """A database that was lost and got its backup back."""
    guids = await place.lose(2)
    for each in place.github.webhooks.log:
        each.status, each.status_code = "OK", 202
    await place.listen()
    assert await place.sweep() == (2, 2)
    assert await place.received() == set(guids)


async def test_a_log_of_many_pages_is_read_to_its_end(place: Place) -> None:
    lost = await place.lose(230)
    await place.listen()
    assert await place.sweep() == (230, 230)
    assert place.pages() == 3
    assert await place.received() == set(lost)


async def test_after_a_complete_sweep_a_restart_costs_one_page(place: Place) -> None:
    await place.listen()
    await place.lose(230)
    place.clock.advance(3600)
    await place.sweep()
    assert place.pages() == 3
    await place.sweep()
    assert place.pages() == 4


async def test_nothing_is_asked_for_twice_within_an_interval_and_all_of_it_after(place: Place) -> None:
    lost = await place.lose(2)
    assert await place.sweep() == (2, 2)
    assert await place.sweep() == (2, 0)
    place.next_interval()
    assert await place.sweep() == (2, 2)
    await place.listen()
    place.next_interval()
    assert await place.sweep() == (2, 2)
    assert await place.received() == set(lost)
    assert place.asked() == lost * 3


async def test_what_does_not_fit_into_one_sweep_comes_with_the_next_oldest_first(place: Place) -> None:
    lost = await place.lose(5)
    assert await place.sweep(most=3) == (5, 3)
    assert place.asked() == lost[:3]
    place.next_interval()
    assert await place.sweep(most=3) == (5, 3)
    assert place.asked()[3:5] == lost[3:], "those that were never asked for come before the others"


async def test_a_secret_that_is_wrong_for_a_day_loses_nothing(place: Place) -> None:
    await place.listen()
    place.app.hook.secret = "wrong"
    lost = await place.lose(2)
    for _ in range(4):
        place.clock.advance(6 * 3600)
        assert await place.sweep() == (2, 2)
    assert {each.status_code for each in place.github.webhooks.log} == {401}
    place.app.hook.secret = SECRET
    place.next_interval()
    assert await place.sweep() == (2, 2)
    assert await place.received() == set(lost)


async def test_a_limit_stops_the_sweep_and_the_next_one_goes_on(place: Place) -> None:
    lost = await place.lose(4)
    await place.listen()
    place.github.middlewares.append(_limiting(after=2))
    with capture_logs() as logs:
        assert await place.sweep() == (4, 2)
    (said,) = logs
    assert (said["event"], said["log_level"], said["missing"], said["asked"]) == ("sweep.put_off", "warning", 4, 2)
    assert said["why"].startswith("GitHub limits us for 60 s at POST /app/hook/deliveries/")
    place.github.middlewares.pop()
    place.clock.advance(61)
    assert await place.sweep() == (2, 2)
    assert await place.received() == set(lost)


def _limiting(after: int):
    seen = 0

    async def limiting(request, act):
        nonlocal seen
        seen += request.method == "POST"
        if seen > after:
            return web.json_response({"message": "slow down"}, status=429, headers={"retry-after": "60"})
        return await act(request)

    return limiting


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (0, "GitHub cannot be reached for GET /app/hook/deliveries (ServerDisconnectedError)."),
        (503, "GitHub answered 503 to GET /app/hook/deliveries: Service unavailable"),
        (404, "GitHub answered 404 to GET /app/hook/deliveries: Not Found"),
    ],
    ids=["unreachable", "down", "an old GitHub Enterprise Server"],
)
async def test_where_github_has_no_log_to_show_the_sweep_is_put_off_with_one_line(
    place: Place, status: int, why: str
) -> None:
    await place.lose(1)
    place.github.faults.fail_next("GET", LISTING, status, message="Not Found" if status == 404 else None)
    with capture_logs() as logs:
        assert await place.sweep() == (0, 0)
    assert [(line["event"], line["why"]) for line in logs] == [("sweep.put_off", why)]
    async with place.services.store.read() as db:
        assert await deliveries.complete_until(db) is None
    await place.listen()
    assert await place.sweep() == (1, 1)


async def test_an_attempt_that_github_will_not_repeat_does_not_keep_the_others(place: Place) -> None:
    lost = await place.lose(2)
    await place.listen()
    place.github.faults.fail_next("POST", "/app/hook/deliveries/*/attempts", 404, message="Not Found")
    with capture_logs() as logs:
        assert await place.sweep() == (2, 1)
    assert [(line["event"], line.get("delivery")) for line in logs] == [
        ("sweep.refused", lost[0]),
        ("sweep.done", None),
    ]
    assert await place.received() == {lost[1]}


async def test_a_service_that_was_away_for_longer_than_githubs_log_says_so_once(place: Place) -> None:
    await place.listen()
    await place.sweep()
    complete = place.clock.now()
    place.app.hook.url = "http://127.0.0.1:1/"
    await place.lose(1)
    place.clock.advance(5 * 24 * 3600)
    lost = await place.lose(1)
    await place.listen()
    with capture_logs() as logs:
        assert await place.sweep() == (1, 1)
        assert await place.sweep() == (0, 0)
    assert await place.received() == set(lost)
    assert [line["event"] for line in logs] == ["sweep.too_late", "sweep.done", "sweep.done"]
    assert (logs[0]["lost_since"], logs[0]["lost_until"]) == (complete.isoformat(), "2026-01-03T00:00:00+00:00")
    assert "set the label or comment again" in logs[0]["remedy"]


async def test_a_quiet_week_is_no_reason_for_a_warning(place: Place) -> None:
    with capture_logs() as logs:
        for _ in range(8):
            await place.sweep()
            place.clock.advance(24 * 3600)
    assert {line["event"] for line in logs} == {"sweep.done"}


async def test_the_clock_sweeps_by_itself(place: Place) -> None:
    lost = await place.lose(3)
    await place.listen()
    stop = asyncio.Event()
    running = asyncio.create_task(clock.run(place.services, stop))
    await _until(lambda: len(place.asked()) == 3, seconds=10)
    await place.github.webhooks.delivered()
    stop.set()
    await running
    assert await place.received() == set(lost)


async def test_a_clock_that_does_not_lead_does_not_sweep(place: Place) -> None:
    await place.lose(1)
    async with place.services.store.begin() as db:
        await leases.take(db, "clock", WorkerId("another"), place.clock.now(), 3600)
    bells = SilentDoorbell()
    await _run_until(replace(place.services, doorbell=bells), lambda: False, seconds=0.5)
    assert place.pages() == 0


async def test_a_github_that_hangs_stops_neither_the_ticks_nor_the_end(place: Place) -> None:
    await place.lose(1)
    hanging = asyncio.Event()

    async def hang(request, act):
        hanging.set()
        await asyncio.sleep(3600)
        return await act(request)

    place.github.middlewares.append(hang)
    bells = SilentDoorbell()
    rung = None

    def ticked_since_then() -> bool:
        nonlocal rung
        if hanging.is_set() and rung is None:
            rung = bells.intake_rings
        return rung is not None and bells.intake_rings >= rung + 3

    assert await _run_until(replace(place.services, doorbell=bells), ticked_since_then, seconds=10)
    async with place.services.store.begin() as db:
        assert await leases.take(db, "clock", WorkerId("the next"), place.clock.now(), 1), "the lease was given back"


async def _run_until(services: Services, done: Callable[[], bool], *, seconds: float) -> bool:
    """Run the clock until then, or for so long; whether it came to that. The clock must end at once."""
    stop = asyncio.Event()
    running = asyncio.create_task(clock.run(services, stop))
    came = await _until(done, seconds)
    stop.set()
    async with asyncio.timeout(2):
        await running
    return came


async def _until(done: Callable[[], bool], seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not done():  # noqa: ASYNC110  # what the clock does has no event to wait for
                await asyncio.sleep(0.02)
    return done()
