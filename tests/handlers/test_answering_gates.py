"""Approvals, rejections and everything else that reaches a run from outside."""

import pytest
from facts_at_hand import (
    APP,
    CHANGE,
    HEAD,
    OTHER_HEAD,
    PLAN,
    account,
    at,
    comment,
    commented,
    event,
    facts,
    issue,
    issue_part,
    labelling,
    payload,
    planned,
    pull,
    review,
    run,
    waiting_run,
)

from core.facts import FactQuery
from core.github import ReviewState
from core.intents import Ignore, React, Say, SetHold, Signal
from core.names import Role
from core.runs import SignalKind
from core.states import RunState
from handlers import handler_of, replies
from policies.result import Result, Status

SHORT = PLAN[:12]


def said(body: str, *, on_pull: bool = False, by: str = "ada", **more):
    """What a comment comes to."""
    number = {"number": 4} if on_pull else {}
    it = comment(body, author=account(by), **number)
    known = {"comment": it, "runs": [waiting_run()], "issue": issue(**number)} | more
    return planned(commented(body, on_pull=on_pull), facts(**known))


def reviewed(state: ReviewState = ReviewState.approved, body: str = "", **more):
    part = {"id": 60, "node_id": "PRR_60", "body": body}
    request = {"number": 4, "node_id": "PR_4", "head": {"sha": HEAD}}
    it = event("pull_request_review", payload("submitted", review=part, pull_request=request))
    known = {"review": review(state, body), "pull": pull(), "runs": [waiting_run(change=True)]} | more
    return planned(it, facts(**known))


def pressed(identifier: str = "reject", *, app: int = APP.id, head: str = HEAD, by: str = "ada", **more):
    check = {"id": 70, "head_sha": head, "app": {"id": app}, "pull_requests": [{"number": 4}]}
    body = payload("requested_action", by, check_run=check, requested_action={"identifier": identifier})
    known = {"pull": pull(), "runs": [waiting_run(change=True)]} | more
    return planned(event("check_run", body), facts(**known))


# Approve --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["/approve", f"/approve {SHORT}", f"/approve `{PLAN}`", f"/approve {SHORT.upper()}"])
def test_an_approval_is_bound_to_the_digest_that_waits(body):
    signal, eyes, *said_back = said(body)
    assert signal == Signal(
        run_id="r1",
        kind=SignalKind.approve,
        key="comment:IC_50:0:approve",
        actor="ada",
        digest=PLAN,
        comment_id=50,
    )
    assert eyes == React(3, 50, "eyes")
    means = f"Approving plan `{SHORT}`. Next: the change, its tests, a pull request."
    assert said_back == [Say(3, means, "comment:IC_50:0:approve:answer")]


@pytest.mark.parametrize("role", [None, Role.none, Role.read, Role.triage])
def test_an_approval_below_write_is_refused_once_per_person_and_thread(role):
    confused, answer = said("/approve", role=role)
    assert confused == React(3, 50, "confused")
    assert answer.key == "refused:1:3:ada"
    assert answer.body.startswith("Not done: Approving the plan needs the role `write` or above, and @ada has ")
    assert answer.body.endswith(
        "Ask somebody with the role `write`, or an admin of this repository to give you that role."
    )


def test_the_requester_does_not_approve_the_change_of_their_own_request():
    _, answer = said("/approve", on_pull=True, by="bob", runs=[waiting_run(change=True)], role=Role.admin)
    assert answer.body == (
        "Not done: @bob asked for this run, "
        "and under the policy `team` nobody approves the change of their own request. "
        "Ask somebody else with the role `write` or above."
    )


def test_an_approval_of_an_older_plan_is_refused_with_the_newer_digest():
    confused, answer = said("/approve 0123456789ab")
    assert confused.content == "confused"
    assert answer.body == f"That is an older plan. The current one is `{SHORT}`: `/approve {SHORT}`."
    assert answer.key == "comment:IC_50:0:approve:answer"


def test_an_approval_of_an_older_change_says_that_it_is_a_change():
    _, answer = said("/approve 0123456789ab", on_pull=True, runs=[waiting_run(change=True)])
    assert answer.body == f"That is an older change. The current one is `{CHANGE[:12]}`: `/approve {CHANGE[:12]}`."


def test_a_bare_approval_from_before_the_plan_was_shown_approves_nothing():
    _, answer = said("/approve", runs=[waiting_run(asked_in=51)])
    assert answer.body == (
        f"That was written before this plan was posted. If you have read it, say which one: `/approve {SHORT}`."
    )


def test_a_bare_approval_after_the_question_counts_however_soon_it_came():
    signal, *_ = said("/approve", runs=[waiting_run(asked_in=49)])
    assert signal.digest == PLAN


def test_a_bare_approval_counts_while_somebody_looks_at_another_answer_to_the_same_question():
    signal, *_ = said("/approve", runs=[waiting_run(state=RunState.running, updated_at=at(5))])
    assert signal.digest == PLAN


def test_a_comment_that_a_payload_puts_into_another_thread_commands_nothing_there():
    elsewhere = comment("/approve", number=5)
    assert said("/approve", comment=elsewhere) == [Ignore("the comment stands elsewhere")]


def test_an_approval_with_the_digest_counts_whenever_it_was_written():
    signal, _, means = said(f"/approve {SHORT}", runs=[waiting_run(asked_in=99)])
    assert signal.digest == PLAN
    assert means.body.startswith(f"Approving plan `{SHORT}`. ")


def test_an_approval_of_a_change_by_its_digest_says_back_what_follows():
    known = {"on_pull": True, "runs": [waiting_run(change=True)]}
    *_, means = said(f"/approve {CHANGE[:12]}", **known)
    assert means.body == (
        f"Approving change `{CHANGE[:12]}` of #4. Next, if no other approval is missing: a person may merge it."
    )


@pytest.mark.parametrize(
    ("runs", "body"),
    [
        ([], "Nothing waits for an approval here: no run is active."),
        ([run()], "Nothing waits for an approval here: run `r1` is running."),
        ([run(RunState.succeeded)], "Nothing waits for an approval here: no run is active."),
    ],
)
def test_where_nothing_waits_an_approval_is_answered(runs, body):
    assert said("/approve", runs=runs)[1].body == body


def test_a_digest_names_its_content_also_while_the_run_is_between_two_waits():
    signal, _ = said(f"/approve `{SHORT}`", runs=[run()])
    assert (signal.kind, signal.digest) == (SignalKind.approve, SHORT)
    assert said(f"/approve {SHORT}", runs=[run()], role=Role.triage)[1].key == "refused:1:3:ada"


# Reject and cancel ----------------------------------------------------------------------------------------------


def test_a_rejection_carries_its_reason():
    signal, eyes = said("/reject the parser is not ours")
    assert (signal.kind, signal.text, signal.key) == (
        SignalKind.reject,
        "the parser is not ours",
        "comment:IC_50:0:reject",
    )
    assert eyes.content == "eyes"


@pytest.mark.parametrize(("verb", "kind"), [("reject", SignalKind.reject), ("cancel", SignalKind.cancel)])
def test_the_requester_may_stop_what_they_asked_for_whatever_their_role(verb, kind):
    signal, _ = said(f"/{verb}", by="Bob", role=Role.none)
    assert signal.kind is kind


@pytest.mark.parametrize("verb", ["reject", "cancel"])
def test_somebody_without_the_role_stops_nothing(verb):
    _, answer = said(f"/{verb}", role=Role.triage)
    assert answer.body.startswith(
        f"Not done: `/{verb}` needs the role `write` or above, and @ada has the role `triage`."
    )


def test_where_no_run_is_at_work_there_is_nothing_to_cancel():
    assert said("/cancel", runs=[])[1].body == "There is nothing to cancel: no run is active here."


# Comments in general --------------------------------------------------------------------------------------------


def test_a_comment_without_commands_asks_github_for_nothing():
    it = commented("Nice work!")
    assert handler_of(it).needs(it) == Ignore("a comment without commands")


def test_a_comment_with_a_command_asks_for_what_authorises_it():
    it = commented("/approve")
    assert handler_of(it).needs(it) == FactQuery(number=3, comment_id=50, thread=True, policy=True, workflows=True)


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (None, "the comment is gone"),
        (comment("/approve", author=account("renovate[bot]", bot=True)), "renovate[bot] is a bot"),
        (comment("/approve", author=account("sneaky[bot]")), "sneaky[bot] is a bot"),
        (comment("/approve", author=account("pullwright-dev[bot]", bot=True)), "our own doing"),
        (comment("/approve", app_id=APP.id), "our own comment"),
        (comment("/approve", app_id=99), "written by an App in the name of ada"),
    ],
)
def test_these_comments_are_not_listened_to(there, why):
    assert planned(commented("/approve"), facts(comment=there, runs=[waiting_run()])) == [Ignore(why)]


def test_the_author_whom_github_names_is_the_actor_and_not_the_sender_of_the_delivery():
    it = commented("/approve", sender="mallory")
    signal, *_ = planned(it, facts(comment=comment("/approve", author=account("ada")), runs=[waiting_run()]))
    assert signal.actor == "ada"


def test_a_comment_that_was_edited_meanwhile_runs_nothing():
    found = planned(commented("/approve"), facts(comment=comment("/reject"), runs=[waiting_run()]))
    assert found == [
        React(3, 50, "confused"),
        Say(
            3,
            "The comment was edited before it was read, so nothing in it was run: write a new comment.",
            "comment:IC_50:answer",
        ),
    ]


def test_a_comment_that_cannot_be_understood_runs_nothing():
    _, answer = said("/status\n/approve\n/reject x")
    assert answer.body == "Nothing was done: `/approve` and `/reject` in one comment contradict each other."


def test_where_one_command_is_refused_none_is_carried_out():
    found = said("/status\n/approve", role=Role.read)
    assert [type(one) for one in found] == [React, Say]
    assert found[1].key == "refused:1:3:ada"


def test_several_commands_have_keys_of_their_own():
    first, *_ = said("/status\n/approve")
    assert first.key == "comment:IC_50:0:status:answer"
    assert [one.key for one in said("/status\n/approve") if isinstance(one, Signal)] == ["comment:IC_50:1:approve"]


def test_anybody_may_ask_for_the_status():
    (answer,) = said("/status", role=Role.none)
    assert answer.body == "Run `r1` of `implement`: waiting for an approval by @ada."
    assert said("/status", runs=[])[0].body == "There has been no run here yet. `/implement` starts one."


# Edits and deletions --------------------------------------------------------------------------------------------


def edited(before: str, after: str, **more):
    part = {"id": 50, "node_id": "IC_50", "body": after, "updated_at": "2026-01-01T12:05:00Z"}
    body = payload("edited", issue=issue_part(), comment=part, changes={"body": {"from": before}})
    return planned(event("issue_comment", body), facts(**{"comment": comment(after), "runs": [waiting_run()]} | more))


def deleted(body: str, **more):
    part = {"id": 50, "node_id": "IC_50", "body": body, "updated_at": "2026-01-01T12:00:00Z"}
    it = event("issue_comment", payload("deleted", "carl", issue=issue_part(), comment=part))
    return planned(it, facts(**{"comment": None, "runs": [waiting_run()]} | more))


def test_an_edit_never_runs_a_command():
    (answer,) = edited("hello", "/approve")
    assert answer == Say(3, "Editing a comment runs no command: write a new comment.", "comment:IC_50:edited:answer")


def test_an_edit_voids_what_the_comment_granted():
    (void,) = edited("/approve", "never mind")
    assert (void.kind, void.comment_id, void.text) == (SignalKind.void, 50, "@ada edited the comment")
    assert void.key == "comment:IC_50:edited:2026-01-01T12:05:00+00:00"


def test_an_edit_around_a_command_voids_it_too():
    (void,) = edited("/approve", "/approve\n\nwith a note")
    assert void.kind is SignalKind.void


def test_an_edit_of_ordinary_words_does_nothing():
    assert edited("a", "b") == [Ignore("neither the old words nor the new ones hold a command")]


def test_a_deleted_approval_is_void():
    (void,) = deleted("/approve")
    assert (void.kind, void.key, void.actor) == (SignalKind.void, "comment:IC_50:deleted", "carl")


def test_the_deletion_of_ordinary_words_does_nothing():
    assert deleted("a") == [Ignore("the comment held no command, so it granted nothing")]


def test_a_deletion_that_did_not_happen_voids_nothing():
    assert deleted("/approve", comment=comment("/approve")) == [Ignore("the comment is still there")]


# Reviews --------------------------------------------------------------------------------------------------------


def test_an_approving_review_counts_for_the_head_it_was_given_for():
    (signal,) = reviewed()
    assert signal == Signal(
        run_id="r1", kind=SignalKind.approve, key="review:PRR_60:approved", actor="ada", digest=CHANGE, review_id=60
    )


def test_an_approving_review_counts_also_before_the_gate_asks_for_it():
    (signal,) = reviewed(runs=[run(pull_number=4)])
    assert (signal.kind, signal.digest, signal.review_id) == (SignalKind.approve, None, 60)


def test_an_approving_review_of_an_older_head_counts_for_nothing():
    (answer,) = reviewed(review=review(head_sha=OTHER_HEAD))
    assert answer.body == (
        "That review is of an older commit. The pull request is at `aaaaaaaaaaaa` now: look at that one."
    )


@pytest.mark.parametrize("role", [Role.read, Role.triage])
def test_an_approving_review_below_write_is_refused_with_one_reply(role):
    (answer,) = reviewed(role=role)
    assert answer.key == "refused:1:4:ada"
    assert answer.body.startswith(
        f"Not done: Approving the change needs the role `write` or above, and @ada has the role `{role}`."
    )


def test_an_approving_review_that_says_approve_says_it_once():
    found = reviewed(body="/approve")
    assert [one.key for one in found] == ["review:PRR_60:approved"]


def test_an_approving_review_that_says_otherwise_is_refused():
    (answer,) = reviewed(body="/reject no")
    assert answer.body == "Nothing was done: an approving review cannot say otherwise in its text."


def test_a_review_without_a_verdict_does_not_approve_by_its_text():
    (answer,) = reviewed(ReviewState.commented, "/approve")
    assert answer.body == "A review approves by its own verdict: choose *Approve*, or write `/approve` in a comment."


def test_a_review_may_reject_by_its_text():
    (signal,) = reviewed(ReviewState.changes_requested, "/reject wrong layer")
    assert (signal.kind, signal.text, signal.key) == (SignalKind.reject, "wrong layer", "review:PRR_60:0:reject")


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"review": None}, "the review is gone, or not handed in"),
        ({"review": review(submitted_at=None)}, "the review is gone, or not handed in"),
        ({"pull": pull(app_authored=False)}, "a pull request that is not ours"),
        ({"review": review(author=account("x[bot]", bot=True))}, "x[bot] is a bot"),
        ({"review": review(ReviewState.commented)}, "a review without an approval, a wish or a command"),
        ({"runs": []}, "nothing waits for an approval"),
        ({"runs": [], "review": review(head_sha=OTHER_HEAD)}, "a review of an older head, and no run is active here"),
    ],
)
def test_these_reviews_mean_nothing_to_us(known, why):
    assert reviewed(**known) == [Ignore(why)]


def test_a_dismissed_review_is_void():
    request = {"number": 4, "node_id": "PR_4", "head": {"sha": HEAD}}
    body = payload("dismissed", review={"id": 60, "node_id": "PRR_60"}, pull_request=request)
    it = event("pull_request_review", body)
    known = {"runs": [waiting_run(change=True)]}
    (void,) = planned(it, facts(review=review(ReviewState.dismissed), **known))
    assert (void.kind, void.review_id, void.key) == (SignalKind.void, 60, "review:PRR_60:dismissed")
    assert planned(it, facts(review=review(), **known)) == [Ignore("the review still approves")]
    assert planned(it, facts(review=None)) == [Ignore("no run is active here")]


# Buttons --------------------------------------------------------------------------------------------------------


def test_no_button_approves_but_one_says_how_to():
    (answer,) = pressed("how")
    assert answer.body == (
        "A button cannot approve: GitHub says only once who pressed it, and cannot confirm that before the merge. "
        f"Approve the pull request in a review, or comment `/approve {CHANGE[:12]}`."
    )
    assert pressed("approve") == [Ignore("not a button of ours")]
    (idle,) = pressed("how", runs=[run(pull_number=4)])
    assert idle.body == "Nothing waits for an approval here just now."


def test_the_button_reject_is_the_command_of_whoever_pressed_it():
    signals = [one for one in pressed("reject") if isinstance(one, Signal)]
    assert [(one.kind, one.actor, one.comment_id, one.review_id) for one in signals] == [
        (SignalKind.reject, "ada", None, None)
    ]


def test_the_button_hold_is_the_command_of_whoever_pressed_it():
    (hold,) = [one for one in pressed("hold") if isinstance(one, SetHold)]
    assert (hold.number, hold.held, hold.actor) == (3, True, "ada")


def test_the_buttons_fit_githubs_limits_and_the_handler_knows_each():
    text = replies.check_approval(Result("change", Status.pending, "0 of 1."), CHANGE)
    assert [one.label for one in text.buttons] == ["How to approve", "Reject", "Hold"]
    assert len(text.buttons) <= 3
    assert all(pressed(one.identifier) != [Ignore("not a button of ours")] for one in text.buttons)
    assert replies.check_approval(Result("change", Status.approved, "Yes."), CHANGE).buttons == ()


def test_a_button_looks_up_the_role_of_whoever_pressed_it():
    check = {"id": 70, "head_sha": HEAD, "app": {"id": 7}, "pull_requests": [{"number": 4}]}
    it = event("check_run", payload("requested_action", check_run=check, requested_action={"identifier": "reject"}))
    assert handler_of(it).needs(it) == FactQuery(number=4, role_of="ada", pull=4, policy=True)


@pytest.mark.parametrize("identifier", ["reject", "hold"])
def test_a_button_needs_the_same_role_as_the_command(identifier):
    (answer,) = [one for one in pressed(identifier, role=Role.triage) if isinstance(one, Say)]
    assert answer.key == "refused:1:4:ada"
    assert not [one for one in pressed(identifier, role=Role.triage) if isinstance(one, Signal | SetHold)]


def test_a_button_of_an_older_head_does_nothing():
    (answer,) = pressed(head=OTHER_HEAD)
    assert answer.body == "The head of #4 changed since this button was shown: look at the new one."


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"app": 8}, "not a button of ours"),
        ({"identifier": "deploy"}, "not a button of ours"),
        ({"by": "x[bot]"}, "x[bot] is a bot"),
        ({"runs": []}, "no run at work here opened this pull request"),
    ],
)
def test_these_buttons_do_nothing(how, why):
    assert pressed(**how) == [Ignore(why)]


# What happens around a run --------------------------------------------------------------------------------------


def issue_event(action: str, sender: str = "olga", **more):
    return event("issues", payload(action, sender, issue=issue_part(), **more))


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("closed", "@olga closed the issue"),
        ("deleted", "@olga deleted the issue"),
        ("transferred", "@olga moved the issue elsewhere"),
    ],
)
def test_a_run_ends_with_its_issue(action, text):
    known = facts(issue=issue(open=False) if action == "closed" else None, runs=[waiting_run()])
    (signal,) = planned(issue_event(action), known)
    assert (signal.kind, signal.text, signal.key) == (SignalKind.closed, text, f"issue:I_3:{action}:r1")


@pytest.mark.parametrize("action", ["closed", "deleted", "transferred"])
def test_an_issue_that_github_shows_as_open_ends_nothing_whatever_the_event_says(action):
    assert planned(issue_event(action), facts(runs=[run()])) == [Ignore("the issue is open")]


def test_a_closed_issue_without_a_run_ends_nothing():
    assert planned(issue_event("closed"), facts()) == [Ignore("no run is active here")]


def test_our_own_merge_closing_the_issue_is_no_news():
    it = issue_event("closed", "pullwright-dev[bot]")
    assert planned(it, facts(issue=issue(open=False), runs=[run()])) == [Ignore("our own doing")]


def test_taking_the_label_off_ends_the_run_that_it_started():
    it = issue_event("unlabeled", label={"name": "pullwright:implement"})
    (signal,) = planned(it, facts(runs=[run()]))
    assert (signal.kind, signal.text) == (SignalKind.closed, "@olga took the label off")
    assert signal.key == "repo:1:issue:3:label:pullwright:implement:900:removed"


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"runs": [run(source="comment 5")]}, "no run at work here was started by this label"),
        ({"runs": []}, "no run at work here was started by this label"),
        ({"runs": [run()], "labelling": labelling()}, "the issue carries the label again"),
    ],
)
def test_taking_a_label_off_ends_no_other_run(known, why):
    it = issue_event("unlabeled", label={"name": "pullwright:implement"})
    assert planned(it, facts(**known)) == [Ignore(why)]


def pull_event(action: str, sender: str = "olga"):
    request = {"number": 4, "node_id": "PR_4", "head": {"sha": OTHER_HEAD}}
    return event("pull_request", payload(action, sender, pull_request=request))


@pytest.mark.parametrize(("merged", "how"), [(True, "merged"), (False, "closed")])
def test_a_pull_request_that_a_person_closes_or_merges_ends_its_run(merged, how):
    known = facts(pull=pull(open=False, merged=merged), runs=[waiting_run(change=True)])
    (signal,) = planned(pull_event("closed"), known)
    assert (signal.kind, signal.text, signal.key) == (SignalKind.closed, f"@olga {how} #4", f"pull:PR_4:{how}:r1")


def test_our_own_merge_and_other_pull_requests_end_nothing():
    closed = pull(open=False, merged=True)
    ours = planned(pull_event("closed", "pullwright-dev[bot]"), facts(pull=closed, runs=[waiting_run(change=True)]))
    assert ours == [Ignore("our own doing")]
    other = planned(pull_event("closed"), facts(pull=closed, runs=[waiting_run()]))
    assert other == [Ignore("no run at work here opened this pull request, or is about it")]
    reopened = planned(pull_event("closed"), facts(pull=pull(), runs=[waiting_run(change=True)]))
    assert reopened == [Ignore("the pull request is open again")]


def test_a_push_by_anybody_else_is_told_to_the_run():
    known = facts(pull=pull(head_sha=OTHER_HEAD), runs=[waiting_run(change=True)])
    (signal,) = planned(pull_event("synchronize"), known)
    assert (signal.kind, signal.text) == (SignalKind.pushed, "@olga pushed bbbbbbbbbbbb")
    assert signal.key == f"pull:1:4:pushed:{OTHER_HEAD}:olga"


def test_our_own_push_is_no_news():
    known = facts(pull=pull(), runs=[waiting_run(change=True)])
    assert planned(pull_event("synchronize", "pullwright-dev[bot]"), known) == [Ignore("our own push")]


# Some files alone ------------------------------------------------------------------------------------------------


def test_an_approval_with_paths_asks_the_run_for_these_files_alone_and_approves_nothing():
    _, keep = sorted(said(f"/approve {CHANGE[:12]} src/a.py 'b c'", runs=[waiting_run(change=True)]), key=repr)
    assert isinstance(keep, Signal)
    assert (keep.kind, keep.digest, keep.text) == (SignalKind.keep, CHANGE[:12], '["src/a.py", "b c"]')


def test_files_of_a_plan_cannot_be_named():
    _, answer = said(f"/approve {PLAN[:12]} src/a.py")
    assert answer.body == "Only files of a change can be named, behind its digest, while it waits to be approved."
