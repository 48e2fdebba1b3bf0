"""Every event that GitHub documents, and what may be odd about it: accepted, and routed or ignored with a reason."""

import asyncio
import io
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import stamina
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from adapters.doorbell import SilentDoorbell
from adapters.settings import load
from adapters.store import deliveries, effects
from adapters.store.deliveries import Receipt
from bot.demo.github.webhooks import signatures
from bot.demo.town import Town, open_town
from bot.web.app import make_app
from core.clock import FixedClock
from core.facts import FactQuery
from core.intents import Ignore
from handlers import handler_of
from handlers.event import Event, Ignored
from handlers.reading import parse
from jobs.intake import drain
from jobs.services import Services, open_services

from .github_payloads import ACTIONS, AT, HEARD, READ, Json, Place, every, odd, payload
from .signing import headers

AT_ONCE = 64
"""How many requests are under way at a time."""
SOMEWHERE = Place(repository_id=7, installation_id=3, owner="acme", name="slugs", login="rosa")


@dataclass
class Flood:
    """A service, its GitHub, and who posts to it."""

    town: Town
    services: Services
    clock: FixedClock
    place: Place
    session: aiohttp.ClientSession

    async def post(self, event: str, body: bytes) -> tuple[str, int]:
        """The GUID, and what the receiver answered."""
        guid, hook = str(uuid.uuid4()), self.town.app.hook
        signed = {name.replace("-", "_"): value for name, value in signatures(hook, body).items()}
        sent = headers(body, X_GitHub_Delivery=guid, X_GitHub_Event=event, **signed)
        async with self.session.post(hook.url, data=io.BytesIO(body), headers=sent) as answer:
            return guid, answer.status

    async def post_all(self, bodies: list[tuple[str, bytes]]) -> dict[str, int]:
        """What was answered to each, by GUID, in the order of the bodies; posted all at once."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(event: str, body: bytes) -> tuple[str, int]:
            async with gate:
                return await self.post(event, body)

        return dict(await asyncio.gather(*(one(event, body) for event, body in bodies)))

    async def settled(self) -> dict[str, Receipt]:
        """Everything that arrived, by GUID, after intake looked again and again for half an hour."""
        await self.town.github.webhooks.delivered()
        for _ in range(12):
            await drain(self.services)
            await self.town.github.webhooks.delivered()
            self.clock.advance(150)
        async with self.services.store.read() as db:
            assert await effects.unsettled_loose(db) == 0
            return {one.guid: one for one in await deliveries.list_(db, 10_000)}


@pytest.fixture
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """The setting of a database of this kind."""
    if request.param == "sqlite":
        return {}
    return {"PULLWRIGHT_DATABASE_URL": str(request.getfixturevalue("postgresql_url"))}


@pytest.fixture
async def flood(tmp_path: Path, database: dict[str, str]) -> AsyncIterator[Flood]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "README.md").write_text("# slugs\n")
    at = FixedClock(datetime.now(UTC))
    async with AsyncExitStack() as stack:
        extra = {"PULLWRIGHT_SANDBOX": "none", **database}
        town = await stack.enter_async_context(open_town(tmp_path, source, webhook_port=1, settings=extra))
        town.github.world.now = at.now
        loaded = load(town.environ)
        services = replace(await stack.enter_async_context(open_services(loaded, at)), doorbell=SilentDoorbell())
        await services.store.migrate()
        await town.requester.open_issue("Something")
        server = TestServer(make_app(loaded, services.store, SilentDoorbell(), at))
        await server.start_server(auto_decompress=False)  # as the web process does
        stack.push_async_callback(server.close)
        await town.github.webhooks.delivered()
        town.app.hook.url = str(server.make_url("/webhooks/github"))
        installation = town.github.world.installation_of(town.app, town.repository)
        assert installation is not None
        place = Place(town.repository.id, installation.id, "acme", town.repository.name, "rosa")
        session = await stack.enter_async_context(aiohttp.ClientSession())
        with stamina.set_testing(True, attempts=1):
            yield Flood(town, services, at, place, session)


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True, ids=str
)
async def test_every_event_that_there_is_and_what_may_be_odd_about_it_is_stored_and_judged(flood: Flood) -> None:
    normal, strange = list(every(flood.place)), list(odd(flood.place))
    names = [f"{event} {json.loads(body).get('action', '')}" for event, body in normal]
    names += [f"{event}: {oddity}" for oddity, event, _ in strange]
    assert len(ACTIONS) >= 70
    assert len(names) == len(set(names)) >= 300

    answers = await flood.post_all(normal + [(event, body) for _, event, body in strange])
    assert set(answers.values()) == {202}
    with capture_logs() as logs:
        found = await flood.settled()
    assert [line for line in logs if "exc_info" in line] == []
    said = {name: found[guid] for guid, name in zip(answers, names, strict=True)}
    not_routed = {name: one.error or "" for name, one in said.items() if one.state != "routed"}
    # Numbers that name another installation are no oddity that can be told from the payload.
    assert {name.partition(": ")[2] for name in not_routed} <= {"numbers as text", "numbers beyond 64 bits"}
    assert {one.state.value for one in said.values()} == {"routed", "dead"}
    assert all(why.startswith("GitHub knows no installation ") for why in not_routed.values())
    for name, one in said.items():
        event = name.partition(":")[0].partition(" ")[0]
        if event not in HEARD:
            assert one.outcome == f"ignored: nothing listens to {event}"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True, ids=str)
async def test_words_that_no_row_can_hold_as_they_are_are_judged_and_answered_all_the_same(flood: Flood) -> None:
    """PostgreSQL refuses NUL in text, UTF-8 refuses half a character; both may stand in JSON, as escapes."""
    sent = {
        (of, name): await flood.post(of, body)
        for name, of, body in odd(flood.place)
        if of in {"issues", "issue_comment", "check_run"} and name in {"NUL", "half a character", "control characters"}
    }
    await flood.town.requester.comment(1, "/no\x00such /thing \x00")
    await flood.town.requester.comment(1, "/explain \x00 \x1b[2J")
    found = await flood.settled()
    assert {status for _, status in sent.values()} == {202}
    assert {one.state.value for one in found.values()} == {"routed"}
    outcomes = {where: found[guid].outcome for where, (guid, _) in sent.items()}
    assert outcomes["issues", "NUL"] == "ignored: no workflow listens to the label '/help \\x00 nul'"
    assert outcomes["issues", "half a character"] == (
        "ignored: the issues payload is not as GitHub describes it: the body"
    )
    assert outcomes["issue_comment", "NUL"] == "ignored: the comment is gone"


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["", "\x00", "\ud800", AT]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _nearly_right(draw: st.DrawFn) -> tuple[str, Json]:
    """A payload of an event that means something here, with a few things in it replaced or taken out."""
    event = draw(st.sampled_from(READ))
    whole = json.loads(json.dumps(payload(SOMEWHERE, event, draw(st.sampled_from(ACTIONS[event].split())))))
    for _ in range(draw(st.integers(0, 4))):
        place = whole
        while True:
            name = draw(st.sampled_from(sorted(place)))
            if not isinstance(place[name], dict) or not place[name] or draw(st.booleans()):
                break
            place = place[name]
        if draw(st.booleans()):
            place[name] = draw(_VALUES)
        elif len(place) > 1:
            del place[name]
    return event, whole


@settings(max_examples=400)
@given(
    _nearly_right()
    | st.tuples(st.sampled_from(sorted(ACTIONS)) | st.text(), st.dictionaries(st.text(), _VALUES, max_size=5))
)
def test_any_object_under_any_name_is_an_event_or_is_ignored_with_a_reason(told: tuple[str, Json]) -> None:
    name, body = told
    event = parse(name, json.dumps(body).encode())
    if isinstance(event, Ignored):
        assert event.why
        return
    assert isinstance(event, Event)
    handler = handler_of(event)
    assert handler is not None
    assert isinstance(handler.needs(event), FactQuery | Ignore)
