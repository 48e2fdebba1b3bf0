"""`/cancel` where runs stand in line: which one it means, and what is said of the others."""

from facts_at_hand import account, comment, commented, facts, issue, planned, run, waiting_run

from core.intents import Say, Signal
from core.names import Role
from core.runs import SignalKind
from core.states import RunState

SECOND = run(RunState.queued, id="r2", workflow="note", behind_id="r1")
THIRD = run(RunState.queued, id="r3", workflow="tidy", behind_id="r1", requester="cleo")
NEWEST_FIRST = [THIRD, SECOND, waiting_run()]


def said(body: str, *, by: str = "ada", runs=NEWEST_FIRST, **more):
    known = {"comment": comment(body, author=account(by)), "runs": runs, "issue": issue()} | more
    return planned(commented(body), facts(**known))


def signal_of(intents) -> Signal:
    (signal,) = [one for one in intents if isinstance(one, Signal)]
    return signal


def words_of(intents) -> list[str]:
    return [one.body for one in intents if isinstance(one, Say)]


def test_it_means_the_run_at_work_and_says_who_begins_now():
    came = said("/cancel not needed")
    assert (signal_of(came).run_id, signal_of(came).kind, signal_of(came).text) == (
        "r1",
        SignalKind.cancel,
        "not needed",
    )
    (told,) = words_of(came)
    assert told == (
        "Next in line is run `r2` of `note`, which begins now: `/cancel r2` stops that one too. "
        "After it: `r3` of `tidy`."
    )


def test_a_run_in_line_can_be_named_and_the_one_at_work_goes_on():
    came = said("/cancel r3 somebody did it by hand")
    assert (signal_of(came).run_id, signal_of(came).text) == ("r3", "somebody did it by hand")
    assert words_of(came) == ["Run `r3` of `tidy` is cancelled: it does nothing, and ends when it is its turn."]


def test_whoever_asked_for_the_run_in_line_may_cancel_it_and_no_other():
    assert signal_of(said("/cancel `r3`", by="cleo", role=Role.none)).run_id == "r3"
    came = said("/cancel r2", by="cleo", role=Role.none)
    assert not any(isinstance(one, Signal) for one in came)
    assert words_of(came)[0].startswith("Not done: `/cancel` needs the role `write` or above")


def test_where_nobody_is_in_line_nothing_is_said_and_a_word_that_names_no_run_is_a_reason():
    came = said("/cancel r2 is better", runs=[waiting_run()])
    assert (signal_of(came).run_id, signal_of(came).text) == ("r1", "r2 is better")
    assert words_of(came) == []
