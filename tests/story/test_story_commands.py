"""Commands: what people type, what happens, and what the bot answers."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from story_sources import AT_ONCE, source
from story_trust import (
    all_runs,
    change_waits,
    forge,
    newcomer,
    nothing_merged,
    ourselves,
    plan_waits,
    posted,
    quick_world,
    told,
)
from story_world import LABEL, LeapingClock, World

from adapters.store import deliveries
from bot.demo.github.acts import comments
from bot.demo.github.faults import Fault
from core import faults
from core.errors import GitHubUnavailable
from core.facts import Facts
from jobs import intake
from jobs.intake import drain

# Telling --------------------------------------------------------------------------------------------------------


async def test_help_shows_every_command_to_anybody(quick: World) -> None:
    issue = await quick.requester.open_issue("A question")
    await newcomer(quick, "sam").comment(issue, "/help")
    await quick.settle()
    (answer,) = quick.replies()
    assert answer == (
        "Commands stand at the beginning of a line, outside of code and quotes. Editing a comment never runs one.\n\n"
        "| command | what it does | who may |\n"
        "| --- | --- | --- |\n"
        "| `/implement [task]` | starts work on this issue | requesters |\n"
        "| `/approve [digest [path…]]` | approves what a run waits for; with paths, keeps only those files "
        "| approvers, by policy |\n"
        "| `/reject [reason]` | ends a run that should not continue | write role, or the requester |\n"
        "| `/revise <feedback>` | sends the plan or the change back with feedback | requesters |\n"
        "| `/cancel [run]` | stops the active run here, or one in line | write role, or the requester |\n"
        "| `/take` | hands the bot's branch over to you | write role |\n"
        "| `/hold [repository] [reason]` | stops work until `/unhold` | write role, or the requester; admins |\n"
        "| `/unhold [repository]` | lets it continue | write role, or who held it; admins |\n"
        "| `/answer <text>` | answers what a run asks | requesters |\n"
        "| `/continue` | continues what was put off, or with what was pushed | requesters |\n"
        "| `/budget [+dollars]` | shows what was spent; raises the limit | write role |\n"
        "| `/retry` | starts the last run again | requesters |\n"
        "| `/undo` | takes back the bot's last label, comment or merge here | write role |\n"
        "| `/pin-status` | pins an issue that lists what waits for people | maintain role |\n"
        "| `/ok-to-run [digest or commit]` | starts what a stranger asked for | requesters |\n"
        "| `/dry-run [workflow]` | shows what a run would do | everybody |\n"
        "| `/status` | shows where the run stands | everybody |\n"
        "| `/why` | shows what was decided here last, and why | everybody |\n"
        "| `/help` | shows this table | everybody |\n"
        "| `/bump-dependency package=… version=…` "
        "| Raise a dependency to a version, fix what that breaks, and ship it. | requesters |\n"
        "| `/fix [task]` | Fix a pull request by suggesting changes on its lines; push nothing. "
        "| requesters |\n"
        "| `/fix-tests [task]` | Reproduce failing tests, find and fix the cause, and ship the change. "
        "| requesters |\n"
        "| `/investigate [run=]` | Read why a run failed, and say the cause, the evidence and the next step. "
        "| requesters |\n"
        "| `/onboard [again=false]` "
        "| Offer a commented .github/pullwright.yml that is made for this repository, in one pull request. "
        "| maintain role |\n"
        "| `/plan [task]` | Say how an issue would be solved, step by step; change nothing. | requesters |\n"
        "| `/research [task]` | Find out in the code what an issue is about; change nothing. | requesters |\n"
        "| `/research-and-implement [task]` "
        "| Research a large task from several sides, design it, and do it in many small verified changes. "
        "| requesters |\n"
        "| `/revert` | Open a pull request that takes back what the bot merged here. | requesters |\n"
        "| `/review` | Review a pull request, with comments on its lines; approve nothing. | requesters |\n"
        "| `/triage` | Say what an issue is, what is missing, and whether work on it can begin. | requesters |\n\n"
        "Where other bots listen too, write `/pullwright status` or `@pullwright status`."
    )
    assert await all_runs(quick) == []


async def test_github_is_asked_nothing_about_a_comment_of_ordinary_words(quick: World) -> None:
    issue = await quick.requester.open_issue("A question")
    await quick.settle()
    before = len(quick.town.github.world.requests)
    await quick.requester.comment(issue, "Is anybody at this?")
    await quick.settle()
    asked = quick.town.github.world.requests[before:]
    assert [one.path for one in asked if one.method == "GET" or "/app/" in one.path] == []
    async with quick.services.store.read() as db:
        newest = max(await deliveries.list_(db, 10), key=lambda one: one.received_at)
    assert newest.outcome == "ignored: a comment without commands"


async def test_status_says_where_the_run_stands_and_whom_it_waits_for(quick: World) -> None:
    issue = await plan_waits(quick)
    await newcomer(quick, "sam").comment(issue, "/status")
    await quick.settle()
    assert quick.replies()[-1] == (
        f"Run `{(await quick.run()).id}` of `implement`: waiting for an approval by @ada.\n\n"
        "- ✅ triage\n- ✅ baseline\n- ✅ research\n- ✅ plan\n- ⏳ plan-approved"
    )


# Stopping -------------------------------------------------------------------------------------------------------


async def test_a_run_is_cancelled_by_whoever_asked_for_it_and_not_by_a_stranger(quick: World) -> None:
    issue = await plan_waits(quick)
    await newcomer(quick, "rhea", "read").comment(issue, "/cancel")
    await quick.settle()
    assert quick.replies()[-1] == (
        "Not done: `/cancel` needs the role `write` or above, and @rhea has the role `read`. "
        "Ask somebody with the role `write`, or an admin of this repository to give you that role."
    )
    assert (await quick.run()).state == "waiting"
    await quick.requester.comment(issue, "/cancel not needed any more")
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.ended_why) == ("cancelled", "cancelled by @rosa: not needed any more")
    assert posted(quick, issue, "**🛑 Cancelled**: cancelled by ＠rosa: not needed any more")


async def test_a_rejected_plan_ends_the_run_with_the_reason(quick: World) -> None:
    issue = await plan_waits(quick)
    await quick.approver.comment(issue, "/reject Too broad.")
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.ended_why) == ("rejected", "@ada rejected the plan: Too broad.")
    assert posted(quick, issue, "**🛑 Rejected**: ＠ada rejected the plan: Too broad.")
    assert quick.town.github.world.pulls(quick.town.repository) == []


@pytest.mark.slow
async def test_a_rejected_change_stays_open_with_a_red_check(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        await change_waits(world)
        await world.approver.comment(world.pull_number, "/reject Not like this.")
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_why) == ("rejected", "@ada rejected the change: Not like this.")
        assert world.checks()["pullwright/approval"] == "failure"
        assert nothing_merged(world)
        assert world.town.github.world.pulls(world.town.repository)[0].state == "open"


@pytest.mark.slow
async def test_a_rejection_counts_also_where_github_fails_before_the_run_has_ended(at_once: World) -> None:
    await change_waits(at_once)
    strikes = iter(range(3))

    def away() -> None:
        if next(strikes, None) is not None:
            raise GitHubUnavailable("GitHub does not answer.")

    faults.arm("effect.before_act", away)
    try:
        await at_once.approver.comment(at_once.pull_number, "/reject Not like this.")
        await at_once.settle_in_time()
    finally:
        faults.disarm()
    run = await at_once.run()
    assert "run.postponed" in [event.name for event in await at_once.journal()]
    assert (run.state, run.ended_why) == ("rejected", "@ada rejected the change: Not like this.")


# Starting -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_retry_is_a_new_run_that_knows_the_old_one_and_reads_the_issue_anew(quick: World) -> None:
    assert quick.town.model is not None
    quick.town.model.outage.append(401)
    issue = await quick.ask()
    await quick.settle()
    first = await quick.run()
    assert first.state == "failed"
    quick.clock.leap(5)
    await quick.requester.edit_issue(issue, body="Hyphens at both ends go away.")
    await quick.requester.comment(issue, "/retry")
    await quick.settle()
    second = await quick.run()
    assert (second.state, second.retry_of) == ("waiting", first.id)
    assert second.snapshot.body == "Hyphens at both ends go away."
    queued = (await quick.journal())[0]
    assert (queued.name, queued.actor, queued.facts["retry_of"]) == ("run.queued", "rosa", first.id)


async def test_a_second_implement_is_told_that_a_run_is_at_work(quick: World) -> None:
    issue = await quick.requester.open_issue("slugify() doubles hyphens", "One hyphen, please.")
    await quick.requester.comment(issue, "/implement and keep numbers")
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.inputs) == ("waiting", {"task": "and keep numbers"})
    await quick.approver.comment(issue, "/implement")
    await quick.settle()
    assert quick.replies()[-1] == (
        f"Run `{run.id}` is already working on this: waiting for an approval by @ada. `/cancel` stops it."
    )
    assert len(await all_runs(quick)) == 1


async def test_nobody_without_a_role_starts_a_run(quick: World) -> None:
    issue = await quick.requester.open_issue("slugify() doubles hyphens")
    await newcomer(quick, "rhea", "read").comment(issue, "/implement")
    await quick.settle()
    (refusal,) = quick.replies()
    assert refusal == (
        "Not done: Starting `implement` needs the role `triage` or above, and @rhea has the role `read`. "
        "Ask somebody with the role `triage`, or an admin of this repository to give you that role."
    )
    assert await all_runs(quick) == []


async def test_a_command_in_code_quotes_or_html_is_none(quick: World) -> None:
    issue = await quick.requester.open_issue("A question")
    for words in (
        "```\n/implement\n```",
        "> /implement",
        "<!--\n/implement\n-->",
        "    /implement",
        "Try /implement",
        "`/implement`",
        "- /implement",
    ):
        await quick.requester.comment(issue, words)
    await quick.settle()
    assert await all_runs(quick) == []
    assert quick.replies() == []


async def test_neither_other_bots_nor_our_own_words_command_anything(quick: World) -> None:
    issue = await plan_waits(quick)
    github, repository = quick.town.github.world, quick.town.repository
    github.create_user("helper[bot]", "Bot")
    github.add_collaborator(repository, "helper[bot]", "admin")
    for words in (f"/approve {await quick.digest()}", "/cancel", "/status"):
        await quick.town.person("helper[bot]").comment(issue, words)
        comments.comment(github, ourselves(quick), repository, github.issue(repository, issue), words)
    before = len(quick.replies())
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert len(quick.replies()) == before
    assert github.pulls(repository) == []


@pytest.mark.slow
async def test_a_label_that_an_issue_comes_with_starts_one_run_and_says_so_once(quick: World) -> None:
    await quick.requester.open_issue("slugify() doubles hyphens", "One hyphen, please.", labels=[LABEL])
    await quick.settle()
    assert len(await all_runs(quick)) == 1
    assert [words.split(" ")[0] for words in quick.replies()] == ["**✋", "###"]


async def test_an_order_that_another_overtook_is_answered_with_the_run_that_was_quicker(
    quick: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = await quick.requester.open_issue("Slugs hold runs of hyphens")
    await quick.settle()
    await quick.requester.comment(issue.number, "/implement")
    looked, gather = asyncio.Event(), intake.gather

    async def looks_before_the_other_writes(*about: Any) -> Facts:
        facts = await gather(*about)
        if not looked.is_set():
            looked.set()
            await quick.approver.label(issue.number, LABEL)
            await quick.town.github.webhooks.delivered()
            async with quick.services.store.read() as db:
                (label,) = [one for one in await deliveries.pending(db, quick.clock.now(), 9) if one.event == "issues"]
            await intake._route(quick.services, label)
        return facts

    monkeypatch.setattr(intake, "gather", looks_before_the_other_writes)
    await quick.town.github.webhooks.delivered()
    await drain(quick.services)
    run = await quick.run()
    assert run.source == "label"
    assert len(await all_runs(quick)) == 1
    assert quick.replies() == [f"Run `{run.id}` is already working on this: queued. `/cancel` stops it."]


@dataclass
class Late(Fault):
    """So slow an answer that it was true when it was asked for and not any more when it comes."""

    clock: LeapingClock = field(default_factory=LeapingClock)

    def fits(self, request: web.Request) -> bool:
        fits = super().fits(request)
        if fits:
            self.clock.leap(60)
        return fits


async def test_what_a_slow_answer_did_not_show_yet_is_not_taken_for_gone(quick: World) -> None:
    issue = await quick.requester.open_issue("A question")
    await quick.settle()
    late = Late("GET", "*/issues/comments/*", 404, times=1, after=False, clock=quick.clock)
    quick.town.github.faults.pending.append(late)
    await quick.requester.comment(issue.number, "/status")
    await quick.settle_in_time()
    assert late.times == 0
    assert quick.replies() == ["There has been no run here yet. `/implement` starts one."]


async def test_a_labelling_that_is_delivered_again_and_again_starts_one_run(quick: World) -> None:
    issue = await plan_waits(quick)
    labelled = told(quick, "issues", "labeled")
    said = quick.replies()
    quick.town.github.webhooks.redeliver(quick.town.github.world, labelled)
    await forge(quick, "issues", json.loads(labelled.body))
    await quick.settle()
    assert len(await all_runs(quick)) == 1
    assert quick.replies() == said
    await quick.requester.comment(issue, "/cancel")
    await quick.settle()
    await forge(quick, "issues", json.loads(labelled.body))
    await quick.settle()
    assert len(await all_runs(quick)) == 1


# Forging --------------------------------------------------------------------------------------------------------


async def test_a_payload_that_is_signed_but_not_true_starts_nothing(quick: World) -> None:
    issue = await quick.requester.open_issue("A question")
    thanks = await quick.requester.comment(issue, "Thanks!")
    await quick.settle()
    opened = json.loads(told(quick, "issues", "opened").body)
    said = json.loads(told(quick, "issue_comment", "created").body)
    label = {"id": 1, "name": LABEL}
    await forge(quick, "issues", opened | {"action": "labeled", "label": label})
    await forge(quick, "issues", opened | {"issue": opened["issue"] | {"labels": [label]}})
    words = {"body": "/implement"}
    await forge(quick, "issue_comment", said | {"comment": said["comment"] | words | {"id": 999_999}})
    await quick.settle()
    assert quick.replies() == []
    await forge(quick, "issue_comment", said | {"comment": said["comment"] | words | {"id": thanks.id}})
    await quick.settle()
    assert quick.replies() == [
        "The comment was edited before it was read, so nothing in it was run: write a new comment."
    ]
    assert await all_runs(quick) == []


async def test_a_payload_that_names_another_author_has_the_rights_of_the_real_one(quick: World) -> None:
    issue = await plan_waits(quick)
    await newcomer(quick, "rhea", "read").comment(issue, f"/approve {await quick.digest()}")
    real = told(quick, "issue_comment", "created")
    forged = json.loads(real.body)
    ada = json.loads(told(quick, "issues", "opened").body)["sender"] | {"login": "ada"}
    await forge(quick, "issue_comment", forged | {"sender": ada, "comment": forged["comment"] | {"user": ada}})
    await quick.settle()
    assert "@rhea has the role `read`" in quick.replies()[-1]
    assert quick.town.github.world.pulls(quick.town.repository) == []


async def test_a_real_comment_that_a_payload_puts_into_another_thread_says_nothing_there(quick: World) -> None:
    issue = await plan_waits(quick)
    elsewhere = await quick.approver.open_issue("Another matter")
    await quick.approver.comment(elsewhere, "/approve")
    forged = json.loads(told(quick, "issue_comment", "created").body)
    await quick.settle()
    await forge(quick, "issue_comment", forged | {"issue": forged["issue"] | {"number": issue}})
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert quick.town.github.world.pulls(quick.town.repository) == []
