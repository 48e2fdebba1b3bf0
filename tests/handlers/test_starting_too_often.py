"""Whatever starts runs about one subject again and again ends: a person, or events that answer each other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from facts_at_hand import (
    NOON,
    REPO,
    comment,
    commented,
    event,
    facts,
    issue,
    issue_part,
    payload,
    planned,
    run,
    workflows,
)

from core.boards import AlarmKind
from core.calls import TimeCall
from core.facts import Facts, PolicyFile
from core.intents import Alarmed, Ignore, React, Say, StartRun
from core.names import RunId, Sha
from core.runs import Run
from core.states import RunState
from handlers import handler_of
from handlers.automatic import event_of

OPENED = "name: watch\non: {issues: {}}\nsteps: [{id: look, uses: triage}]\n"
TWO_AN_HOUR = PolicyFile(
    path=".github/pullwright.yml",
    text="version: 1\npolicy: team\nlimits: {runs_per_hour: 2}\n",
    sha=Sha("d" * 40),
)

TOO_MANY = "2 runs began about this within the last hour, and no more than 2 may."


def over(*minutes_ago: int) -> list[Run]:
    """Runs about the issue that are over, by when they began."""
    return [
        run(RunState.failed, id=RunId(f"r{ago}"), created_at=NOON - timedelta(minutes=ago), trigger_key=f"k{ago}")
        for ago in minutes_ago
    ]


def _with(known: Facts, runs: Sequence[Run]) -> Facts:
    return replace(known, runs=runs)


def test_a_person_who_starts_too_many_runs_is_told_from_when_on_there_may_be_more() -> None:
    known = facts(comment=comment("/implement"), runs=over(5, 50, 70), policy=TWO_AN_HOUR)
    (reaction, said, alarm) = planned(commented("/implement"), known)
    assert isinstance(reaction, React)
    assert isinstance(said, Say)
    assert (reaction.content, said.key) == ("confused", "refused:1:3:ada")
    assert "2 runs began about this within the last hour, and no more than 2 may." in said.body
    assert "Ask again after 12:10 UTC, or raise `limits.runs_per_hour` in `.github/pullwright.yml`." in said.body
    assert alarm == Alarmed(AlarmKind.loop, why=TOO_MANY, about=3, until=NOON + timedelta(minutes=10))


def test_retrying_is_starting_and_runs_of_more_than_an_hour_ago_do_not_count() -> None:
    asked = facts(comment=comment("/retry"), policy=TWO_AN_HOUR)
    begun = [
        [type(one) for one in planned(commented("/retry"), _with(asked, over(*ago))) if isinstance(one, StartRun)]
        for ago in ((5, 50), (5, 60))
    ]
    assert begun == [[], [StartRun]]


def test_an_event_that_comes_again_and_again_starts_nothing_more_and_is_an_alarm_that_answers_nobody() -> None:
    it = event("issues", payload("opened", "reporter", issue=issue_part()))
    known = facts(
        workflows=workflows(watch=OPENED),
        policy=TWO_AN_HOUR,
        told_at=NOON,
        issue=issue(created_at=NOON),
        runs=over(5, 50),
    )
    assert planned(it, known) == [
        Ignore(TOO_MANY),
        Alarmed(AlarmKind.loop, why=TOO_MANY, about=3, until=NOON + timedelta(minutes=10)),
    ]
    assert [type(one) for one in planned(it, _with(known, over(5)))] == [StartRun]


def test_runs_about_the_whole_repository_are_counted_as_well() -> None:
    on = "name: nightly\non: {schedule: [{cron: '0 3 * * *'}], repository_dispatch: {}}\nsteps: [{id: a, run: ls}]\n"
    known = facts(workflows=workflows(nightly=on), policy=TWO_AN_HOUR, told_at=NOON)
    time_came = event_of(TimeCall(repository="acme/site", workflow="nightly", instant=NOON), REPO, "guid")
    dispatched = event("repository_dispatch", payload("tick", client_payload={}))
    for told in (time_came, dispatched):
        handler = handler_of(told)
        assert handler is not None
        assert handler.needs(told).whole
        assert [type(one) for one in planned(told, _with(known, over(5)))] == [StartRun]
        why = Ignore("2 runs began about this within the last hour, and no more than 2 may.")
        assert why in planned(told, _with(known, over(5, 50)))
