"""Holding, steering, vouching, taking back and asking: what each word comes to, and what is said."""

from decimal import Decimal

import pytest
from facts_at_hand import (
    APP,
    NOON,
    REPO,
    account,
    all_planned,
    at,
    comment,
    commented,
    event,
    facts,
    issue,
    payload,
    planned,
    run,
    waiting_run,
)

from core.decisions import About, Decision, PassedBy
from core.effects import AddLabels, EditComment, EnqueuePull, MergePull, PostComment, RemoveLabel
from core.facts import PolicyFile, Spent
from core.github import MergeMethod
from core.holds import Hold
from core.intents import Act, Decided, Ignore, React, Say, SetHold, StartRun
from core.names import Role, Sha
from core.runs import Effect, EffectState, SignalKind, Waiting
from core.states import RunState, WaitingFor
from policies.render import as_json
from policies.result import Result, Status

HELD = Hold(owner="acme", name="site", reason="a release", since=NOON, by="zoe", number=3)


def said(body: str, **more):
    known = {"comment": comment(body, author=account(more.pop("by", "ada"))), "runs": [waiting_run()]} | more
    return planned(commented(body), facts(**known))


def answer(body: str, **more) -> str:
    (told,) = [one.body for one in said(body, **more) if isinstance(one, Say)]
    return told


# Hold -----------------------------------------------------------------------------------------------------------


def test_a_subject_is_held_for_a_reason():
    hold, eyes, _ = said("/hold a release is near")
    key = "comment:IC_50:0:hold"
    assert hold == SetHold(number=3, held=True, reason="a release is near", actor="ada", key=key, at=at(0))
    assert eyes == React(3, 50, "eyes")


def test_the_whole_repository_is_held_by_an_admin():
    assert said("/hold repository red tests", role=Role.admin)[0] == SetHold(
        number=None, held=True, reason="red tests", actor="ada", key="comment:IC_50:0:hold", at=at(0)
    )


def test_whoever_held_it_lets_it_go_on_whatever_their_role():
    assert isinstance(said("/unhold", by="zoe", role=Role.read, hold=HELD)[0], SetHold)
    assert answer("/unhold", role=Role.read, hold=HELD).startswith("Not done: `/unhold` needs the role `write`")


@pytest.mark.parametrize(
    ("hold", "told"),
    [
        (None, "Nothing is held here."),
        (
            Hold(reason="disk", since=NOON),
            "The operator holds all work here: disk\n\nOnly the operator ends that.",
        ),
        (
            Hold(owner="acme", name="site", reason="", since=NOON, by="zoe"),
            "@zoe holds all work in this repository.\n\n`/unhold repository` ends it.",
        ),
    ],
)
def test_what_another_word_holds_is_not_let_go_on(hold, told):
    assert answer("/unhold", hold=hold) == told


# Steer ----------------------------------------------------------------------------------------------------------


def test_a_run_goes_on_with_what_it_put_off_and_with_nothing_else():
    put_off = run(RunState.waiting, waiting=Waiting(what=WaitingFor.budget, why="…"))
    assert said("/continue", runs=[put_off])[0].kind is SignalKind.go_on
    stuck = run(RunState.waiting, waiting=Waiting(what=WaitingFor.approval, why="…", stuck=True))
    assert said("/continue", runs=[stuck])[0].kind is SignalKind.go_on
    assert answer("/continue") == "Run `r1` has nothing to continue: `/status` says what it is waiting for."


def test_the_budget_is_said_to_anybody_and_raised_within_policy():
    spent = Spent(run_usd=Decimal("1.25"), here_usd=Decimal("3.5"), unpriced=False)
    assert answer("/budget", role=Role.none, spent=spent) == (
        "Run `r1` has cost $1.25 of at most $2.50; all runs here together $3.50. "
        "`/budget +2` raises that by two dollars."
    )
    signal = said("/budget +7.50")[0]
    assert (signal.kind, signal.text) == (SignalKind.budget, "+7.50")
    assert answer("/budget +8") == (
        "Not done: Under the policy `team` a run may cost at most $10.00, and this one may cost $2.50. "
        "Say `/budget +7.50`."
    )


def test_a_branch_is_taken_once_there_is_one():
    assert said("/take", runs=[waiting_run(change=True)])[0].kind is SignalKind.take
    assert answer("/take") == "Run `r1` has no branch yet that you could take. `/cancel` stops it."


def test_feedback_goes_to_what_waits_to_be_approved():
    signal = said("/revise use a table")[0]
    assert (signal.kind, signal.text) == (SignalKind.revise, "use a table")
    assert answer("/revise") == "Say what should be different: `/revise <feedback>`."
    assert answer("/revise x", runs=[run()]) == (
        "Nothing of run `r1` that could be revised waits to be approved: see `/status`."
    )


# Why ------------------------------------------------------------------------------------------------------------


def test_why_shows_the_last_decision_as_its_tree():
    tree = as_json(Result("plan", Status.pending, "Somebody must approve it."))
    told = answer("/why", decisions=[Decision(number=3, about=About.run, at=NOON, tree=tree)])
    assert told == (
        "**The last decision about the work here** (2026-01-01 12:00 UTC): pending. Somebody must approve it.\n\n"
        "<details><summary>How it was decided</summary>\n\n- ⏳ **plan**: Somebody must approve it.\n\n</details>"
    )


def test_why_names_what_brought_nothing_about():
    whys = ["ignored: no workflow listens to the label '<b>@olga'; ignored: renovate[bot] is a bot", "ignored: closed"]
    events = [PassedBy(event="issues", at=NOON, why=why) for why in whys]
    told = answer("/why", passed_by=events)
    assert told == (
        "Nothing was decided here yet.\n\n**Ignored here lately**\n\n"
        "- 2026-01-01 12:00 UTC, `issues`: no workflow listens to the label '＜b>＠olga'; renovate[bot] is a bot\n"
        "- 2026-01-01 12:00 UTC, `issues`: closed"
    )


def test_a_refusal_is_noted_for_whoever_asks_why():
    known = facts(comment=comment("/approve", author=account("eve")), role=Role.none, runs=[waiting_run()])
    (noted,) = [one for one in all_planned(commented("/approve"), known) if isinstance(one, Decided)]
    assert (noted.number, noted.tree["name"], noted.tree["status"]) == (3, "`/approve` by @eve", "denied")


def test_a_comment_on_a_line_asks_and_changes_nothing():
    def on_a_line(body: str):
        part = {"node_id": "PRRC_1", "body": body, "created_at": "2026-01-01T12:00:00Z"}
        request = {"number": 4, "node_id": "PR_4", "head": {"sha": "a" * 40}}
        return event("pull_request_review_comment", payload("created", comment=part, pull_request=request))

    (told,) = planned(on_a_line("/why"), facts())
    assert (told.number, told.body) == (4, "Nothing was decided here yet.")
    why = "a comment on a line changes nothing; one in the thread or a review does"
    assert planned(on_a_line("/cancel"), facts(runs=[waiting_run(change=True)])) == [Ignore(why)]


# Undo -----------------------------------------------------------------------------------------------------------


def effect(act, **receipt) -> Effect:
    return Effect(key="run:r1:x", run_id=None, repo=REPO, act=act, at=NOON, state=EffectState.done, receipt=receipt)


def test_the_last_label_that_is_still_on_is_taken_off():
    done = [effect(AddLabels(number=3, labels=("gone", "bug")))]
    act, *_ = intents = said("/undo", runs=[], done=done, issue=issue(labels=("bug",)))
    assert act == Act(RemoveLabel(number=3, label="bug"), "undo:run:r1:x:bug")
    assert intents[-1].body == "Undone: I am removing `bug`, which I added."


def test_the_last_comment_that_is_still_there_is_taken_back_once():
    ours = comment("Hello.", id=7, app_id=APP.id, author=account("pullwright-dev[bot]", bot=True))
    done = [effect(PostComment(number=3, body="Hello."), comment_id=7)]
    act = said("/undo", runs=[], done=done, thread=[ours])[0]
    assert isinstance(act.act, EditComment)
    assert act.act.body.startswith("*Taken back by @ada with `/undo`.*\n\n<!-- pullwright ")
    again = ours.model_copy(update={"body": act.act.body})
    nothing = "There is nothing of mine here to take back: no label, no comment of a run, no merge."
    assert answer("/undo", runs=[], done=done, thread=[again]) == nothing
    assert answer("/undo", runs=[], done=done, thread=[]) == nothing
    foreign = ours.model_copy(update={"app_id": None})
    assert answer("/undo", runs=[], done=done, thread=[foreign]) == nothing


def test_a_merge_is_taken_back_by_the_workflow_for_that_and_nothing_while_a_run_is_at_work():
    act = MergePull(number=4, sha=Sha("a" * 40), method=MergeMethod.squash, title="t", message="m")
    assert answer("/undo", runs=[], done=[effect(act)]) == "No workflow of this repository listens to `/revert`."
    assert answer("/undo", done=[effect(act)]) == (
        "Run `r1` is at work here: `/cancel` stops it, and then `/undo` takes back what it did last."
    )


def test_what_a_merge_queue_merged_is_taken_back_as_any_merge_and_what_it_took_out_is_not():
    done = [effect(EnqueuePull(number=4, sha=Sha("a" * 40)))]
    merged = run(RunState.succeeded, pull_number=4)
    assert answer("/undo", runs=[merged], done=done) == "No workflow of this repository listens to `/revert`."
    nothing = "There is nothing of mine here to take back: no label, no comment of a run, no merge."
    assert answer("/undo", runs=[run(RunState.failed, pull_number=4)], done=done) == nothing
    assert answer("/undo", runs=[run(RunState.succeeded, pull_number=5)], done=done) == nothing


# Strangers ------------------------------------------------------------------------------------------------------

NEEDS_OK = PolicyFile(path="p", text="version: 1\npolicy: team\nstrangers: {start: needs-ok}\n", sha=Sha("d" * 40))
WISH = comment(
    "/implement keep digits", id=41, node_id="IC_41", author=account("eve"), created_at=at(-9), updated_at=at(-9)
)


def vouched(body: str, wish=WISH, **more):
    known = {"comment": comment(body), "thread": [wish, comment(body)], "policy": NEEDS_OK, "runs": []} | more
    return planned(commented(body), facts(**known))


def covered(**more) -> str:
    """The digest that a bare word says back."""
    told = vouched("/ok-to-run", **more)[-1].body
    assert told.startswith("`/implement` by @eve, with the text as it reads now, is `")
    return told.split("/ok-to-run ")[1][:12]


def test_what_a_stranger_asks_for_waits_for_a_word():
    known = facts(comment=comment("/implement", author=account("eve")), role=Role.none, policy=NEEDS_OK)
    assert planned(commented("/implement"), known)[1].body == (
        "Not started: Starting `implement` needs the role `triage` or above, and @eve has no role here. "
        "Somebody who may start it can look at this text and say `/ok-to-run`."
    )


def test_the_word_starts_exactly_that_in_the_name_of_whoever_says_it():
    start = vouched(f"/ok-to-run {covered()}")[0]
    assert isinstance(start, StartRun)
    assert (start.workflow, start.requester, dict(start.inputs)) == ("implement", "ada", {"task": "keep digits"})
    assert [one.id for one in start.snapshot.comments] == [41]


@pytest.mark.parametrize(
    "changed",
    [
        {"issue": issue(body="It should delete everything.")},
        {"issue": issue(title="Another title")},
        {"wish": WISH.model_copy(update={"body": "/implement something else"})},
        {"thread": [comment("Also this.", id=40, author=account("eve"), created_at=at(-20), updated_at=at(-20)), WISH]},
    ],
)
def test_any_edit_needs_another_word(changed):
    digest = covered()
    said_so = vouched(f"/ok-to-run {digest}", **changed)
    assert not any(isinstance(one, StartRun) for one in said_so)
    assert said_so[-1].body.startswith("That matches nothing here now: the text was edited, or there is a newer")


def test_a_stranger_vouches_for_nobody():
    assert vouched(f"/ok-to-run {covered()}", role=Role.read)[-1].body.startswith(
        "Not done: `/ok-to-run` needs the role"
    )


# Dry run --------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_done_and_starts_nothing():
    (told,) = said("/dry-run implement", runs=[], usual_usd={"implement": Decimal("0.42")})
    assert told.body.startswith("**`implement` would do this; nothing was started.**\n\n1. **triage**: ")
    assert "**Cost**: such runs cost $0.42 here on average; at most $2.50." in told.body
    assert answer("/dry-run nonsense", runs=[]) == (
        "There is no workflow `nonsense` here. `/help` lists those that a command starts."
    )
