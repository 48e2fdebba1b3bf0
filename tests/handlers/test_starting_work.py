"""What starts a run: a label, `/implement`, `/retry`. And what does not."""

from dataclasses import replace

import pytest
from facts_at_hand import (
    APP,
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
    run,
    waiting_run,
)

from core.facts import FactQuery, PolicyFile
from core.intents import Ignore, React, Say, StartRun
from core.names import Role
from core.states import RunState
from core.workflow.catalogue import Catalogue
from handlers import handler_of

LABEL = "pullwright:implement"


def labelled(label: str = LABEL, **more):
    return event("issues", payload("labeled", issue=issue_part(**more), label={"name": label}))


def opened(**more):
    return event("issues", payload("opened", issue=issue_part(**more)))


def test_a_label_starts_its_workflow_once_per_labelling():
    started, eyes = planned(labelled(), facts(labelling=labelling(actor=account("olga"))))
    assert isinstance(started, StartRun)
    assert started.key == "repo:1:issue:3:label:pullwright:implement:900"
    assert (started.workflow, started.requester, started.source) == ("implement", "olga", "label")
    assert eyes == React(3, None, "eyes")


def test_whoever_the_payload_names_is_not_the_requester():
    it = event("issues", payload("labeled", sender="mallory", issue=issue_part(), label={"name": LABEL}))
    started, _ = planned(it, facts(labelling=labelling()))
    assert started.requester == "ada"


def test_a_label_of_somebody_else_asks_github_for_nothing_unless_a_workflow_listens_to_labels():
    it = labelled("bug")
    assert handler_of(it).needs(it).listening == "issues"
    assert planned(it, facts()) == [Ignore("no workflow listens to the label 'bug'")]


def test_a_label_of_ours_asks_for_what_authorises_it():
    it = labelled()
    assert handler_of(it).needs(it) == FactQuery(number=3, label=LABEL, thread=True, policy=True, workflows=True)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"labelling": None}, "the issue does not carry the label 'pullwright:implement' any more"),
        ({"labelling": labelling(actor=account("pullwright-dev[bot]", bot=True))}, "our own doing"),
        ({"labelling": labelling(actor=account("renovate[bot]", bot=True))}, "renovate[bot] is a bot"),
        (
            {"labelling": labelling(), "workflows": Catalogue()},
            "no workflow listens to the label 'pullwright:implement'",
        ),
    ],
)
def test_these_labellings_start_nothing(known, why):
    assert planned(labelled(), facts(**known)) == [Ignore(why)]


def test_nothing_starts_in_an_archived_repository():
    known = facts(labelling=labelling())
    archived = known.repository.model_copy(update={"archived": True})
    assert planned(labelled(), replace(known, repository=archived)) == [Ignore("the repository is archived")]


@pytest.mark.parametrize("role", [None, Role.none, Role.read])
def test_a_person_without_a_role_is_refused_once_with_the_rule_and_the_remedy(role):
    confused, answer = planned(labelled(), facts(labelling=labelling(), role=role))
    has = "the role `read`" if role is Role.read else "no role here"
    assert confused == React(3, None, "confused")
    assert answer == Say(
        3,
        f"Not done: Starting `implement` needs the role `triage` or above, and @ada has {has}. "
        "Ask somebody with the role `triage`, or an admin of this repository to give you that role.",
        "refused:1:3:ada",
    )


def test_while_the_policy_is_broken_nothing_starts_and_its_mistakes_are_shown():
    policy = PolicyFile(path=".github/pullwright.yml", text="polisy: team\n", sha="d" * 40)
    answer, alarm = planned(labelled(), facts(labelling=labelling(), policy=policy))
    assert alarm.kind == "policy"
    assert alarm.why.startswith(".github/pullwright.yml is not valid:")
    assert answer.key == f"policy:1:3:{'d' * 40}"
    assert answer.body == (
        "Nothing runs here while the policy cannot be read.\n\n"
        "- .github/pullwright.yml is not valid:\n"
        "- .github/pullwright.yml:1:9: unknown key `polisy`; did you mean `policy`?\n\n"
        "Correct the lines named above on the default branch; `pullwright policy check FILE` reads it too."
    )


def test_one_run_at_a_time_works_on_an_issue():
    _, answer = planned(labelled(), facts(labelling=labelling(id=901), runs=[waiting_run()]))
    assert answer.body == "Run `r1` is already working on this: waiting for an approval by @ada. `/cancel` stops it."


def test_a_labelling_that_has_started_its_run_is_answered_by_silence():
    for known in (waiting_run(), run(RunState.succeeded)):
        assert planned(labelled(), facts(labelling=labelling(), runs=[known])) == [
            Ignore("this order has started its run already")
        ]


def test_a_closed_issue_starts_nothing():
    _, answer = planned(labelled(), facts(labelling=labelling(), issue=issue(open=False)))
    assert answer.body == "This issue is closed: reopen it, then `/implement` again."


def test_the_model_sees_the_issue_as_it_stood_at_the_trigger():
    known = facts(
        labelling=labelling(),
        issue=issue(title="edited later", body="edited later"),
        thread=[
            comment("after", id=4, created_at=at(1), updated_at=at(1)),
            comment("at the same second", id=5),
            comment("edited after", id=3, created_at=at(-30), updated_at=at(5)),
            comment("second", id=2, created_at=at(-10), updated_at=at(-5)),
            comment("first", id=1, created_at=at(-20), updated_at=at(-20)),
            comment("a bot", id=6, author=account("ci[bot]", bot=True), created_at=at(-9), updated_at=at(-9)),
            comment("ours", id=7, app_id=APP.id, created_at=at(-9), updated_at=at(-9)),
        ],
    )
    started, _ = planned(labelled(), known)
    snapshot = started.snapshot
    assert (snapshot.title, snapshot.body) == ("slugify drops digits", "It should keep them.")
    assert (snapshot.author, snapshot.taken_at) == ("reporter", at(0))
    assert [one.body for one in snapshot.comments] == ["first", "second"]


def test_an_issue_opened_with_the_label_starts_the_same_run_as_its_label_event():
    it = opened(labels=[{"name": "bug"}, {"name": LABEL}])
    assert handler_of(it).needs(it) == FactQuery(number=3, label=LABEL, thread=True, policy=True, workflows=True)
    started, _ = planned(it, facts(labelling=labelling()))
    assert started.key == "repo:1:issue:3:label:pullwright:implement:900"


def test_the_text_of_an_issue_starts_nothing():
    body = "Please.\n/implement\n/approve"
    it = opened(body=body)
    found = planned(it, facts(issue=issue(body=body)))
    assert found == [
        Ignore("in the text of an issue: `/implement` and `/approve` in one comment contradict each other.")
    ]
    it = opened(body="/implement")
    assert planned(it, facts(issue=issue(body="/implement"))) == [
        Ignore("the text of an issue starts nothing; a comment or a label does")
    ]


def test_the_text_of_an_issue_may_ask_for_help():
    (answer,) = planned(opened(body="/help"), facts(issue=issue(body="/help")))
    assert answer.key == "issue:I_3:0:help:answer"
    assert answer.body.startswith("Commands stand at the beginning of a line")


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (issue(body="other"), "the issue was edited meanwhile"),
        (issue(body="/help", author=account("x[bot]", bot=True)), "x[bot] is a bot"),
        (None, "an issue without a label or command of ours"),
    ],
)
def test_help_in_an_issue_that_changed_or_is_a_bots_is_not_answered(known, why):
    assert planned(opened(body="/help"), facts(issue=known)) == [Ignore(why)]


def test_implement_starts_the_workflow_with_the_text_as_its_task():
    started, eyes = planned(
        commented("/implement only the parser"), facts(comment=comment("/implement only the parser"))
    )
    assert started.key == "comment:IC_50:0:implement"
    assert (started.inputs, started.source, started.source_comment_id) == (
        {"task": "only the parser"},
        "comment 50",
        50,
    )
    assert eyes == React(3, 50, "eyes")


def test_the_comment_that_gives_the_order_is_part_of_what_the_model_sees():
    order = comment("/implement")
    started, _ = planned(commented("/implement"), facts(comment=order, thread=[order]))
    assert [one.id for one in started.snapshot.comments] == [50]


def test_implement_on_a_pull_request_is_pointed_to_the_issue():
    confused, answer = planned(commented("/implement", on_pull=True), facts(comment=comment("/implement", number=4)))
    assert confused == React(4, 50, "confused")
    assert answer.body == "`/implement` starts work on an issue; this is a pull request. Say it on the issue."


def test_retry_starts_the_last_ended_run_anew_with_a_fresh_snapshot():
    ended = run(RunState.failed, ended_why="still red")
    started, _ = planned(commented("/retry"), facts(comment=comment("/retry"), runs=[ended]))
    assert (started.retry_of, started.inputs, started.requester) == ("r1", {"task": "keep digits"}, "ada")
    assert started.snapshot.taken_at == at(0)


@pytest.mark.parametrize(
    ("known", "body"),
    [
        ({}, "There is nothing to retry: no run has ended here. `/implement` starts one."),
        (
            {"runs": [waiting_run(), run(RunState.failed, id="r0")]},
            "Run `r1` is already working on this: waiting for an approval by @ada. `/cancel` stops it.",
        ),
        (
            {"runs": [run(RunState.failed)], "workflows": Catalogue()},
            "No workflow of this repository listens to `/retry`.",
        ),
    ],
)
def test_retry_without_something_to_retry_says_so(known, body):
    _, answer = planned(commented("/retry"), facts(comment=comment("/retry"), **known))
    assert answer.body == body
