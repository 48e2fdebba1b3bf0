"""A repository's own workflows: what their commands and labels start, and what is said of mistakes."""

import re
from typing import Any

import pytest
from facts_at_hand import (
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
    workflows,
)

from core.intents import Ignore, React, Say, Signal, StartRun
from core.names import Role
from core.states import RunState
from handlers import handler_of

DEPLOY = """
name: deploy
description: Puts a branch | somewhere
on: {command: deploy, label: "pullwright:deploy"}
inputs:
  place: {type: string}
  times: {type: number, default: 1}
  loud: {type: boolean, default: false}
steps: [{id: a, run: make}]
"""
TASKED = """
name: tidy
on: {command: tidy-2, label: "pullwright:tidy"}
inputs: {task: {type: string, default: ""}}
steps: [{id: a, run: make}]
"""
BROKEN = """
name: deploy
on: {command: deploy, label: "pullwright:deploy"}
stepz: []
"""


def said(body: str, *, role: Role = Role.write, **own: str) -> list[Any]:
    return planned(commented(body), facts(comment=comment(body), workflows=workflows(**own), role=role))


def refusal(body: str, **own: str) -> str:
    confused, answer = said(body, **own)
    assert confused == React(3, 50, "confused")
    assert isinstance(answer, Say)
    return answer.body


def labelled(name: str, **own: str) -> list[Any]:
    it = event("issues", payload("labeled", issue=issue_part(), label={"name": name}))
    return planned(it, facts(labelling=labelling(label=name), workflows=workflows(**own)))


def test_a_command_starts_the_workflow_that_listens_to_it_with_inputs_of_their_types() -> None:
    started, eyes = said('/deploy place="the staging area" times=2 loud=TRUE', deploy=DEPLOY)
    assert started.workflow == "deploy"
    assert dict(started.inputs) == {"place": "the staging area", "times": 2, "loud": True}
    assert [type(value) for value in started.inputs.values()] == [str, int, bool]
    assert (started.key, eyes) == ("comment:IC_50:0:deploy", React(3, 50, "eyes"))


def test_the_words_after_a_command_are_the_task_of_a_workflow_that_has_one() -> None:
    started, _ = said("/tidy-2 the imports, please=now", tidy=TASKED)
    assert dict(started.inputs) == {"task": "the imports, please=now"}


def test_a_command_of_a_workflow_can_be_addressed_to_us() -> None:
    started, _ = said("@pullwright-dev tidy-2", tidy=TASKED)
    assert started.workflow == "tidy"
    assert refusal("/pullwright tidy", tidy=TASKED) == (
        "Nothing was done: `/tidy` is not a command. Did you mean `/tidy-2`? `/help` lists the commands."
    )


def test_a_verb_that_no_workflow_here_listens_to_is_somebody_elses() -> None:
    assert said("/deploy now") == [Ignore("a comment without commands")]


def test_two_workflows_are_not_started_by_one_comment() -> None:
    assert refusal("/deploy place=a\n/tidy-2", deploy=DEPLOY, tidy=TASKED) == (
        "Nothing was done: `/deploy` and `/tidy-2` in one comment contradict each other."
    )


def test_a_label_starts_the_workflow_that_listens_to_it() -> None:
    started, _ = labelled("pullwright:Tidy", tidy=TASKED)
    assert (started.workflow, dict(started.inputs)) == ("tidy", {})
    assert started.key == "repo:1:issue:3:label:pullwright:tidy:900"


def test_a_label_cannot_start_a_workflow_that_must_be_given_something() -> None:
    _, answer = labelled("pullwright:deploy", deploy=DEPLOY)
    assert answer.body == (
        "`deploy` was not started:\n\n- `place` is missing\n\nSay `/deploy place=… [times=1] [loud=false]`."
    )


@pytest.mark.parametrize(
    ("words", "mistakes"),
    [
        ("", ["`place` is missing"]),
        ("staging", ["`staging` is not of the form `name=value`", "`place` is missing"]),
        ("plce=a", ["there is no input `plce`; did you mean `place`?", "`place` is missing"]),
        ("place=a place=b", ["`place` is given twice"]),
        ("place=a times=many", ["`times` is a number, and `many` is none"]),
        ("place=a times=nan", ["`times` is a number, and `nan` is none"]),
        ("place=a times=1e9", ["`times` is a number, and `1e9` is none"]),
        ("place=a loud=yes", ["`loud` is a boolean, and `yes` is none"]),
        ('place="a', ["a quote is not closed"]),
        ("place=a @ada=1", ["there is no input `＠ada`"]),
    ],
)
def test_what_does_not_fit_the_inputs_is_told_all_at_once_and_starts_nothing(words: str, mistakes: list[str]) -> None:
    listed = "\n".join(f"- {one}" for one in mistakes)
    assert refusal(f"/deploy {words}".rstrip(), deploy=DEPLOY) == (
        f"`deploy` was not started:\n\n{listed}\n\nSay `/deploy place=… [times=1] [loud=false]`."
    )


def test_whoever_gives_the_command_of_a_broken_file_is_told_its_mistakes() -> None:
    path = ".github/pullwright/workflows/deploy.yml"
    told = (
        f"Nothing was started: `{path}` has 2 mistakes on the default branch.\n\n"
        f"- {path}:2:1: `steps`: field required\n"
        f"- {path}:4:8: unknown key `stepz`; did you mean `steps`?\n\n"
        f"`pullwright workflow validate {path}` shows all of them in a checkout."
    )
    assert refusal("/deploy", deploy=BROKEN) == told
    _, answer = labelled("pullwright:deploy", deploy=BROKEN)
    assert answer.body == told


def test_of_many_mistakes_the_first_are_told() -> None:
    text = "name: deploy\non: {command: deploy}\nsteps:\n" + "  - {id: 1, rum: x}\n" * 20
    assert "\n- and 35 more\n" in refusal("/deploy", deploy=text)


def test_a_broken_replacement_of_a_built_in_keeps_it_from_starting() -> None:
    assert refusal("/implement", implement="name: implement\non: {command: implement}\n").startswith(
        "Nothing was started: `.github/pullwright/workflows/implement.yml` has 1 mistake on the default branch."
    )


def test_what_a_file_says_is_harmless_where_it_is_shown() -> None:
    text = DEPLOY.replace("steps:", "'@ada <!-- x':")
    assert "＠ada" in refusal("/deploy", deploy=text)
    assert "@ada" not in refusal("/deploy", deploy=text)


def test_a_person_who_may_start_nothing_learns_nothing_of_the_file() -> None:
    _, answer = said("/deploy", role=Role.read, deploy=BROKEN)
    assert answer.body.startswith("Not done: Starting `deploy` needs the role `triage` or above")


def test_a_file_takes_no_command_of_the_bots_own() -> None:
    text = TASKED.replace("tidy-2", "approve")
    (answer,) = [one for one in said("/approve", tidy=text) if isinstance(one, Say)]
    assert answer.body == "Nothing waits for an approval here: no run is active."


def test_help_lists_the_commands_of_the_repositorys_workflows() -> None:
    (answer,) = said("/help", deploy=DEPLOY, tidy=TASKED, odd=BROKEN.replace("deploy", "odd"))
    own = re.compile(r"\| `/(retry|answer|revise|continue|ok-to-run)\b")
    assert [row for row in answer.body.splitlines() if "requesters" in row and not own.match(row)] == [
        "| `/implement [task]` | starts work on this issue | requesters |",
        "| `/deploy place=… [times=1] [loud=false]` | Puts a branch \\| somewhere | requesters |",
        "| `/odd` | starts nothing: `.github/pullwright/workflows/odd.yml` has mistakes | requesters |",
        "| `/tidy-2 [task]` | starts `tidy` | requesters |",
    ]


def test_retry_gives_a_workflow_what_it_was_given_before() -> None:
    ended = run(RunState.failed, workflow="deploy", inputs={"place": "x", "times": 2})
    known = facts(comment=comment("/retry"), runs=[ended], workflows=workflows(deploy=DEPLOY))
    started, _ = planned(commented("/retry"), known)
    assert isinstance(started, StartRun)
    assert (started.workflow, dict(started.inputs)) == ("deploy", {"place": "x", "times": 2})


def test_retry_of_a_workflow_that_takes_other_inputs_by_now_says_so() -> None:
    ended = run(RunState.failed, workflow="deploy", inputs={"where": "x"})
    known = facts(comment=comment("/retry"), runs=[ended], workflows=workflows(deploy=DEPLOY))
    _, answer = planned(commented("/retry"), known)
    assert answer.body == (
        "`deploy` was not started:\n\n- there is no input `where`\n- `place` is missing\n\n"
        "Say `/deploy place=… [times=1] [loud=false]`."
    )


def test_a_comment_that_becomes_a_workflows_command_by_an_edit_runs_nothing() -> None:
    changed = {"body": {"from": "thanks"}}
    part = {"id": 50, "node_id": "IC_50", "body": "/tidy-2", "updated_at": "2026-01-01T12:00:00Z"}
    it = event("issue_comment", payload("edited", comment=part, issue=issue_part(), changes=changed))
    handler = handler_of(it)
    assert handler is not None
    assert handler.needs(it).workflows
    (answer,) = planned(it, facts(comment=comment("/tidy-2"), workflows=workflows(tidy=TASKED)))
    assert answer.body == "Editing a comment runs no command: write a new comment."


def test_taking_off_the_label_that_began_a_run_ends_it_whatever_its_file_says_by_now() -> None:
    it = event("issues", payload("unlabeled", issue=issue_part(), label={"name": "pullwright:TIDY"}))
    key = "repo:1:issue:3:label:pullwright:tidy:900"
    (signal,) = planned(it, facts(issue=issue(labels=()), runs=[waiting_run(workflow="tidy", trigger_key=key)]))
    assert isinstance(signal, Signal)
    other = waiting_run(workflow="tidy", trigger_key="repo:1:issue:3:label:pullwright:tidy:b:900")
    assert planned(it, facts(issue=issue(labels=()), runs=[other])) == [
        Ignore("no run at work here was started by this label")
    ]
