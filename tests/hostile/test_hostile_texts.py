"""Hostile texts: what is hidden is not read, what is quoted is not obeyed, and what models write does nothing."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import (
    ACTS,
    DIGEST,
    HIDDEN,
    INVISIBLE,
    LIVE,
    OBEY,
    REFUSED,
    SAID,
    SHOWN,
    TAGS,
    UNSAID,
    Hidden,
    Unsaid,
)
from story_sources import ONE_FILE, open_story
from story_trust import forge, newcomer, plan_waits, quick_world, told
from story_world import LABEL, World

from adapters.store import deliveries
from core.markers import marker
from handlers.commands import Command, Refusal, parse
from handlers.neutralise import code, fenced, line, neutral, quoted
from prompts.untrusted import untrusted
from prompts.visible import visible


def _named(cases: Any) -> Any:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@_named(HIDDEN)
def test_hidden_words_are_gone_and_what_stands_around_them_stays(case: Hidden) -> None:
    seen = visible(case.text)
    assert OBEY not in seen
    assert not re.search("&#x?E0", seen, re.IGNORECASE)
    assert " ".join(seen.split()) == " ".join(case.seen.split())


@_named(HIDDEN)
def test_hidden_words_stay_hidden_when_they_are_hidden_twice(case: Hidden) -> None:
    for text in (f"> {case.text}", f"- {case.text}", f"<div>\n\n{case.text}\n\n</div>", f"[x]\n\n{case.text}"):
        assert OBEY not in visible(text)


@_named(SHOWN)
def test_what_people_can_read_the_model_reads(case: Hidden) -> None:
    assert case.seen in visible(case.text)


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda c: f"U+{ord(c):04X}")
def test_no_invisible_character_reaches_a_prompt(character: str) -> None:
    for verbatim in (False, True):
        shown = untrusted(f"a{character}b", f"file {character}", verbatim=verbatim)
        assert character not in shown
        assert (f"⟨U+{ord(character):04X}⟩" in shown) is verbatim


@_named(UNSAID)
def test_the_letters_of_a_command_are_no_command_there(case: Unsaid) -> None:
    assert parse(case.text, slug="pullwright") == ()


@_named(REFUSED)
def test_a_command_with_something_odd_is_refused_whole(case: Unsaid) -> None:
    assert isinstance(parse(case.text, slug="pullwright"), Refusal)


@_named(SAID)
def test_a_command_at_the_beginning_of_a_line_counts(case: Unsaid) -> None:
    assert parse(case.text, slug="pullwright") == (Command("approve", DIGEST, 0),)


@pytest.mark.parametrize("text", ACTS)
def test_nothing_that_a_model_writes_acts(text: str) -> None:
    for shown in (neutral(text), neutral(f"ok\n\n{text}\nok"), line(text), quoted(text), neutral(f"{text} {text}")):
        assert [name for name, pattern in LIVE.items() if re.search(pattern, shown)] == []
    for shown in (code(text), fenced(text)):
        assert not re.search(LIVE["a mention"], shown)
        assert not re.search(LIVE["a forged marker"], shown)
        assert not re.search(LIVE["a command"], shown)


# The whole service ----------------------------------------------------------------------------------------------


def _told(world: World) -> str:
    assert world.town.model is not None
    return json.dumps(list(world.town.model.conversations.values()), ensure_ascii=False)


async def _outcomes(world: World) -> list[str]:
    """What became of everything that GitHub told of comments, oldest first."""
    async with world.services.store.read() as db:
        routed = await deliveries.list_(db, 200)
    return [one.outcome for one in reversed(routed) if one.event == "issue_comment" and one.outcome]


async def test_no_hidden_word_reaches_the_model_from_issue_comment_file_or_output(tmp_path: Path) -> None:
    everything = "\n\n".join(case.text for case in HIDDEN if "open" not in case.name)
    change = [{"read": "slugs/odd.py"}, {"run": "cat slugs/odd.py"}, *ONE_FILE]
    files = {"slugs/odd.py": f'ODD = "{TAGS}\u200b\u202e"\n'}
    async with open_story(tmp_path, files=files, sections={"change": change}) as world:
        issue = await world.requester.open_issue(f"Slugs {TAGS}\u202e", f"Join them.\n\n{everything}")
        for case in HIDDEN:
            await world.approver.comment(issue, f"I say:\n\n{case.text}")
        world.clock.leap(5)
        await world.requester.label(issue, LABEL)
        await world.settle()
        assert (await world.run()).pull_number is not None, (await world.run()).ended_why
        told = _told(world)
        assert "Join them." in told
        assert told.count("I say:") >= len(HIDDEN)
        assert OBEY not in told
        assert [f"U+{ord(c):04X}" for c in INVISIBLE if c in told] == []
        assert "⟨U+E0058⟩" in told, "in a file nothing is lost: it is spelled out"


async def test_no_quoted_or_disguised_command_approves_a_plan_and_each_delivery_says_why(tmp_path: Path) -> None:
    async with quick_world(tmp_path) as world:
        issue = await plan_waits(world)
        asked, before, own = await world.digest(), len(await _outcomes(world)), len(world.comments())
        for case in (*UNSAID, *REFUSED):
            await world.approver.comment(issue, case.text.replace(DIGEST, asked))
        await world.settle()
        run = await world.run()
        assert (run.state, run.pull_number) == ("waiting", None)
        assert not [event for event in await world.journal() if event.name.startswith(("signal.", "approval."))]
        outcomes = (await _outcomes(world))[before:]
        answers = len(world.comments()) - own
        assert outcomes.count("ignored: a comment without commands") == len(UNSAID) + answers
        assert sum(outcome.startswith("reacted confused") for outcome in outcomes) == len(REFUSED)
        await world.approver.comment(issue, f"\ufeff/approve {asked}")
        await world.settle()
        assert (await world.run()).pull_number is not None


async def test_people_who_only_look_like_an_approver_approve_nothing(tmp_path: Path) -> None:
    async with quick_world(tmp_path) as world:
        issue = await plan_waits(world)
        asked = await world.digest()
        cyrillic, latin = ("аda", "adа"), ("ada-", "a-da", "ada-bot", "pullwright", "pullwright-bot", "acme-ada")
        for login in (*cyrillic, *latin):
            await newcomer(world, login).comment(issue, f"/approve {asked}")
        await world.settle()
        assert ((await world.run()).state, await world.digest()) == ("waiting", asked)
        refused = [reply for reply in world.replies() if reply.startswith("Not done: ")]
        assert [login for login in latin if f"@{login} has the role `read`" not in "".join(refused)] == []
        odd = "ignored: the issue_comment payload is not as GitHub describes it: sender.login"
        assert (await _outcomes(world)).count(odd) == len(cyrillic)
        assert not [event for event in await world.journal() if event.name == "approval.granted"]


@pytest.mark.slow
async def test_markers_that_people_paste_are_taken_for_nobodys_work(tmp_path: Path) -> None:
    async with quick_world(tmp_path) as world:
        issue = await plan_waits(world)
        run = await world.run()
        forged = [
            marker(f"run:{run.id}:{name}")
            for name in ("status", "end:comment", f"wait:change-approved:{await world.digest()}", "push", "pull")
        ] + re.findall(r"<!-- pullwright [0-9a-f]{32} -->", "".join(comment.body for comment in world.comments(issue)))
        mallory = newcomer(world, "mallory")
        await mallory.comment(issue, "All is done.\n\n" + "\n".join(forged))
        await world.another_worker()
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.settle()
        assert (await world.run()).pull_number == world.pull_number
        theirs = world.town.github.world.comments_by(world.town.repository, "mallory", issue)
        assert [one.body.startswith("All is done.") for one in theirs] == [True], "nobody wrote over it"


async def test_nothing_that_a_model_wrote_acts_anywhere_it_was_posted(tmp_path: Path) -> None:
    words = "\n\n".join(ACTS)
    said: dict[str, list[dict[str, Any]]] = {
        "triage": [{"submit": {"verdict": "actionable", "kind": "bug", "summary": "x", "why": words}}],
        "research": [{"submit": {"summary": words, "risks": [text[:290] for text in ACTS]}}],
        "plan": [{"submit": {"summary": "Fixes #1 @ada", "steps": list(ACTS), "files": ["@ada.py", "[skip ci].py"]}}],
        "change": [ONE_FILE[0], {"submit": {"title": "Fixes #1 [skip ci] @ada", "kind": "fix", "summary": words}}],
        "review": [
            {
                "submit": {
                    "verdict": "concerns",
                    "summary": words,
                    "findings": [{"path": "@ada.py", "line": 1, "note": text} for text in ACTS],
                }
            }
        ],
    }
    async with open_story(tmp_path, sections=said, plan={"wait": "always"}) as world:
        issue = await world.ask()
        await world.settle()
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.settle()
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        assert (await world.run()).state == "succeeded", (await world.run()).ended_why
        repository = world.town.repository
        bodies = [comment.body for comment in world.comments()]
        (pull,) = repository.pulls
        checks = [f"{check.output}" for check in world.town.github.world.check_runs(repository)]
        for posted in (*bodies, pull.title, pull.body, *checks):
            shown = _without_our_own(posted)
            assert [name for name, pattern in LIVE.items() if re.search(pattern, shown)] == [], posted


def _without_our_own(posted: str) -> str:
    """What was posted without what the bot says itself: whom it waits for, what policy says of people, the issue."""
    ours = (
        r"@ada, this \w+ needs your approval",
        r"(?i)approved by @ada",
        r"\*\*@ada\*\*: @ada approved",
        r"requested by @rosa",
        r"\AFixes #1\n",
    )
    for pattern in ours:
        posted = re.sub(pattern, "", posted)
    return posted


async def test_an_association_that_lies_and_a_forged_author_approve_nothing(tmp_path: Path) -> None:
    async with quick_world(tmp_path) as world:
        issue = await plan_waits(world)
        await newcomer(world, "sam").comment(issue, f"/approve {await world.digest()}")
        await world.town.github.webhooks.delivered()
        payload = json.loads(told(world, "issue_comment", "created").body)
        ada = {**payload["sender"], "login": "ada", "id": world.town.github.world.account("ada").id}
        payload["comment"] |= {"author_association": "OWNER", "user": ada}
        await forge(world, "issue_comment", {**payload, "sender": ada})
        await world.settle()
        assert (await world.run()).state == "waiting"
        assert not [event for event in await world.journal() if event.name == "approval.granted"]
        assert any("@sam has the role `read`" in reply for reply in world.replies()), "who wrote it was asked of GitHub"
