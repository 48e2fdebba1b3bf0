"""`pullwright deliveries`: what arrived, what it says, and a new chance."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.store import Store, deliveries, open_store
from core.runs import Delivery

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECRET = "a-webhook-secret-of-ours"
BODY = {
    "action": "created",
    "comment": {"body": f"my token is ghp_{'a' * 36}, yours {SECRET}\x1b[2J\u202e\ud800"},
    "zen": "ä",
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/pullwright.db") as store:
        await store.migrate()
        yield store


def _delivery(guid: str, event: str = "issues", body: bytes = b"{}", hook: str = "7", second: int = 0) -> Delivery:
    at = AT + timedelta(seconds=second)
    return Delivery(hook_id=hook, guid=guid, event=event, body=body, received_at=at)


@pytest.fixture
async def inbox(store: Store) -> None:
    """One that was routed, one that died, one that waits after a failure."""
    async with store.begin() as db:
        body = json.dumps(BODY).encode()
        routed, dead, waiting = batch = [
            _delivery("aaaa-1", "issue_comment", body, second=1),
            _delivery("bbbb-2", second=2),
            _delivery("bbbb-3", second=3),
        ]
        await deliveries.insert(db, batch)
        await deliveries.routed(db, routed, "ignored: a comment without commands", AT)
        for _ in range(5):
            await deliveries.failed(db, dead, "GitHub answered 422 to GET /x", AT, AT)
        await deliveries.failed(db, waiting, "GitHub answered 422 to GET /y", AT + timedelta(minutes=1), AT)


def _listed(pullwright, *options: str) -> list[str]:
    return [one["guid"] for one in json.loads(pullwright("deliveries", "list", *options, "--json").stdout)]


async def test_what_arrived_is_listed_newest_first_by_state_and_event(pullwright, inbox):
    assert _listed(pullwright) == ["bbbb-3", "bbbb-2", "aaaa-1"]
    assert _listed(pullwright, "--state", "dead") == ["bbbb-2"]
    assert _listed(pullwright, "--event", "issues", "--limit", "1") == ["bbbb-3"]


async def test_a_delivery_is_shown_with_its_words_but_without_secrets_or_what_moves_the_cursor(pullwright, inbox):
    shown = pullwright("deliveries", "show", "aaaa", WEBHOOK_SECRET=SECRET)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == (
        "Delivery aaaa-1: issue_comment, from hook 7\n"
        f"Received: 2026-03-04 05:06:08, {len(json.dumps(BODY))} bytes\n"
        "State: routed\n"
        "Outcome: ignored: a comment without commands\n"
        "\n"
        "{\n"
        '  "action": "created",\n'
        '  "comment": {\n'
        '    "body": "my token is [redacted], yours [redacted]\\u001b[2J\\u202e\\ud800"\n'
        "  },\n"
        '  "zen": "ä"\n'
        "}\n"
    )


async def test_one_that_waits_tells_why_and_until_when(pullwright, inbox):
    assert pullwright("deliveries", "show", "bbbb-3").stdout.startswith(
        "Delivery bbbb-3: issues, from hook 7\n"
        "Received: 2026-03-04 05:06:10, 2 bytes\n"
        "State: pending, 1 attempt failed\n"
        "Next look: 2026-03-04 05:07:07\n"
        "Error: GitHub answered 422 to GET /y\n"
        "\n"
        "{}\n"
    )


async def test_a_delivery_as_json_is_one_document_with_its_receipt_and_its_body(pullwright, inbox):
    told = json.loads(pullwright("deliveries", "show", "aaaa-1", "--json", WEBHOOK_SECRET=SECRET).stdout)
    assert (told["guid"], told["hook_id"], told["state"]) == ("aaaa-1", "7", "routed")
    assert told["body"]["action"] == "created"
    assert SECRET not in str(told)


async def test_a_body_that_is_no_json_is_shown_as_it_is(pullwright, store):
    async with store.begin() as db:
        await deliveries.insert(db, [_delivery("cccc", body=b"\xff no \x1b[2J JSON")])
    assert pullwright("deliveries", "show", "cccc").stdout.endswith("\n\n\\xff no \\x1b[2J JSON\n")


async def test_a_dead_delivery_gets_a_new_chance(pullwright, inbox):
    ended = pullwright("deliveries", "replay", "bbbb-2")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "Delivery bbbb-2 is pending again. It is looked at when the clock ticks next.\n"
    assert _listed(pullwright, "--state", "pending") == ["bbbb-3", "bbbb-2"]
    (told,) = [json.loads(pullwright("deliveries", "list", "--guid", "bbbb-2", "--json").stdout)]
    assert (told[0]["attempts"], told[0]["not_before"]) == (0, None)


async def test_one_that_was_routed_is_judged_again_only_where_that_is_asked_for(pullwright, inbox):
    refused = pullwright("deliveries", "replay", "aaaa-1")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert (
        "Delivery aaaa-1 was routed (ignored: a comment without commands). "
        "With --again it is judged once more; what it did is not done a second time.\n"
    ) in refused.stderr
    told = json.loads(pullwright("deliveries", "replay", "aaaa-1", "--again", "--json").stdout)
    assert (told["guid"], told["state"], told["outcome"]) == ("aaaa-1", "pending", None)


async def test_one_that_waits_needs_no_new_chance(pullwright, inbox):
    ended = pullwright("deliveries", "replay", "bbbb-3", "--again")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "pullwright: Delivery bbbb-3 is pending.\n"
        "Nothing to do: it is looked at by itself. Where it is not, see whether the clock and a worker run.\n"
    )


async def test_a_guid_that_names_none_or_several_ends_with_1(pullwright, inbox):
    ended = pullwright("deliveries", "replay", "zz%")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "pullwright: 'zz%' names no delivery.\n"
        "`pullwright deliveries list` shows what arrived. What GitHub could not hand over, "
        "the clock asks for again every ten minutes.\n"
    )
    several = pullwright("deliveries", "show", "bbbb")
    assert several.returncode == 1
    assert "'bbbb' names several deliveries: bbbb-2 from hook 7, bbbb-3 from hook 7." in several.stderr


async def test_one_guid_from_two_hooks_is_told_apart_by_the_hook(pullwright, store):
    async with store.begin() as db:
        await deliveries.insert(db, [_delivery("dddd", hook="7"), _delivery("dddd", hook="8")])
    assert "dddd from hook 7, dddd from hook 8" in pullwright("deliveries", "show", "dddd").stderr
    assert "from hook 8\n" in pullwright("deliveries", "show", "dddd", "--hook", "8").stdout


def test_before_the_first_start_there_is_nothing_to_replay(pullwright, tmp_path):
    ended = pullwright("deliveries", "replay", "aaaa")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"pullwright: There is no database at {tmp_path}/pullwright.db yet.\n")
    assert not (tmp_path / "pullwright.db").exists()


def test_a_state_that_there_is_not_is_wrong_usage(pullwright):
    ended = pullwright("deliveries", "list", "--state", "lost")
    assert ended.returncode == 2
    assert "'lost' is not one of 'pending', 'routed', 'dead'" in ended.stderr
