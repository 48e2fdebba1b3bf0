"""The inbox: nothing twice, nothing lost, oldest first."""

from adapters.store import Store, deliveries
from adapters.store.tables import DeliveryState

from .examples import LATER, NOW, a_delivery, in_seconds


async def test_a_delivery_comes_back_as_it_was_received(store: Store):
    delivery = a_delivery(body=b"\x00\xff\xfe not even UTF-8")
    async with store.begin() as db:
        assert await deliveries.insert(db, [delivery]) == 1
        assert await deliveries.get(db, "9", "guid-1") == delivery
        assert await deliveries.get(db, "8", "guid-1") is None


async def test_a_guid_that_is_known_changes_nothing(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery("one")])
        assert await deliveries.insert(db, [a_delivery("one", body=b"forged"), a_delivery("two")]) == 1
        assert await deliveries.insert(db, []) == 0
        kept = await deliveries.get(db, "9", "one")
        assert kept is not None
        assert kept.body == b'{"a":1}'


async def test_a_guid_is_stored_once_per_hook_and_known_under_any(store: Store):
    async with store.begin() as db:
        assert await deliveries.insert(db, [a_delivery("one"), a_delivery("one", hook_id="10")]) == 2
        assert await deliveries.known(db, ["one", "two"]) == {"one"}


async def test_a_batch_that_holds_one_guid_twice_stores_it_once(store: Store):
    async with store.begin() as db:
        assert await deliveries.insert(db, [a_delivery("one"), a_delivery("one")]) == 1


async def test_pending_deliveries_come_oldest_first(store: Store):
    async with store.begin() as db:
        batch = [a_delivery(str(second), received_at=in_seconds(second)) for second in (3, 1, 2)]
        await deliveries.insert(db, batch)
        assert [one.guid for one in await deliveries.pending(db, LATER, 2)] == ["1", "2"]
        assert await deliveries.oldest_pending(db) == in_seconds(1)


async def test_of_two_that_route_a_delivery_one_is_told_to_write_nothing(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery()])
        assert await deliveries.routed(db, a_delivery(), "run started", NOW)
        assert not await deliveries.routed(db, a_delivery(), "run started", NOW)
        assert await deliveries.pending(db, LATER, 10) == []
        assert await deliveries.oldest_pending(db) is None
        (receipt,) = await deliveries.list_(db, 10)
        assert (receipt.state, receipt.outcome, receipt.size) == (DeliveryState.routed, "run started", 7)


async def test_a_failed_delivery_is_not_looked_at_before_its_time(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery()])
        assert await deliveries.failed(db, a_delivery(), "GitHub is down", in_seconds(60), NOW) == "pending"
        assert await deliveries.pending(db, in_seconds(59), 10) == []
        assert await deliveries.pending(db, in_seconds(60), 10) == [a_delivery()]


async def test_a_delivery_that_failed_five_times_is_dead_until_somebody_revives_it(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery(), a_delivery("guid-2")])
        states = [await deliveries.failed(db, a_delivery(), "no such key", None, NOW) for _ in range(5)]
        assert states == ["pending"] * 4 + ["dead"]
        assert await deliveries.counts(db) == {"pending": 1, "routed": 0, "dead": 1}
        assert not await deliveries.routed(db, a_delivery(), "too late", NOW)
        assert await deliveries.revive(db, "9", "guid-1")
        assert not await deliveries.revive(db, "9", "guid-1")
        (receipt,) = await deliveries.list_(db, 10, guid="guid-1")
        assert (receipt.state, receipt.attempts, receipt.error) == (DeliveryState.pending, 0, "no such key")


async def test_a_postponed_delivery_waits_and_spends_no_attempt(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery()])
        await deliveries.postponed(db, a_delivery(), "the rate limit is used up", in_seconds(60))
        assert await deliveries.pending(db, in_seconds(59), 10) == []
        assert await deliveries.pending(db, in_seconds(60), 10) == [a_delivery()]
        (receipt,) = await deliveries.list_(db, 10)
        assert (receipt.attempts, receipt.error) == (0, "the rate limit is used up")


async def test_until_when_the_inbox_is_complete_is_remembered_and_may_be_taken_back(store: Store):
    async with store.begin() as db:
        assert await deliveries.complete_until(db) is None
        for until in (LATER, NOW):
            await deliveries.completed(db, until)
            assert await deliveries.complete_until(db) == until


async def test_deliveries_are_found_by_the_beginning_of_their_guid_which_is_no_pattern(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery(guid) for guid in ("ab", "abc", "a%c", "b")])
        found = {
            beginning: [one.guid for one in await deliveries.find(db, beginning)] for beginning in ("a", "ab", "a%")
        }
        assert found == {"a": ["a%c", "ab", "abc"], "ab": ["ab"], "a%": ["a%c"]}


async def test_deliveries_are_listed_by_state_and_event(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery("one"), a_delivery("two")])
        await deliveries.routed(db, a_delivery("one"), "done", NOW)
        assert [one.guid for one in await deliveries.list_(db, 9, state=DeliveryState.routed)] == ["one"]
        event = a_delivery("one").event
        pending = await deliveries.list_(db, 9, state=DeliveryState.pending, event=event)
        assert [one.guid for one in pending] == ["two"]
        assert await deliveries.list_(db, 9, event="no such event") == []


async def test_what_was_routed_is_revived_only_where_that_is_asked_for(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery()])
        await deliveries.routed(db, a_delivery(), "done", NOW)
        assert not await deliveries.revive(db, "9", "guid-1")
        assert await deliveries.revive(db, "9", "guid-1", routed_too=True)
        assert await deliveries.pending(db, LATER, 10) == [a_delivery()]
        assert not await deliveries.revive(db, "9", "guid-1", routed_too=True)


async def test_what_brought_nothing_about_is_found_where_people_ask_for_it_and_nothing_else_is(store: Store):
    whole = {f"guid-{n}": None for n in range(3)} | {"guid-3": (77, 4), "guid-4": (77, 4), "guid-5": (78, 4)}
    for seconds, (guid, where) in enumerate(whole.items()):
        one = a_delivery(guid, received_at=in_seconds(seconds))
        async with store.begin() as db:
            await deliveries.insert(db, [one])
            await deliveries.routed(db, one, f"ignored: {guid}", in_seconds(9), where)
    async with store.read() as db:
        found = await deliveries.passed_by(db, 77, [3, 4], 5)
        assert [(one.event, one.why) for one in found] == [("issues", "ignored: guid-4"), ("issues", "ignored: guid-3")]
        assert len(await deliveries.passed_by(db, 77, [4], 1)) == 1
        assert await deliveries.passed_by(db, 77, [3], 5) == []


async def test_a_delivery_that_is_looked_at_again_is_passed_by_no_more(store: Store):
    async with store.begin() as db:
        await deliveries.insert(db, [a_delivery()])
        await deliveries.routed(db, a_delivery(), "ignored: too early", NOW, (77, 4))
        await deliveries.revive(db, a_delivery().hook_id, a_delivery().guid, routed_too=True)
        await deliveries.routed(db, a_delivery(), "started run x", NOW)
        assert await deliveries.passed_by(db, 77, [4], 5) == []
