"""The judges of the machine can see: each promise that is broken on purpose is reported, and an honest story is not."""

import asyncio
import dataclasses
from collections.abc import Callable

import pytest
from machine_town import POLICIES, open_town_of_machine
from promises import QUIET, broken
from story_world import LABEL
from town_ledger import Merged, Touched, Verdict, Words
from world_facts import Facts

from adapters.store.tables import DeliveryState
from core.names import RunId
from core.runs import EffectState, Run, Waiting
from core.states import RunState, WaitingFor


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """One run that was approved by a comment and merged, one that was cancelled, one whose plan waits, and one that
    asked, was answered, and did the items of a list."""

    async def play() -> Facts:
        async with open_town_of_machine(tmp_path_factory.mktemp("honest"), "plans wait") as town:
            world = town.world
            merged = await world.ask()
            await town.work()
            world.clock.leap(2)
            await world.approver.comment(merged, f"/approve {await world.digest()}")
            await town.work()
            world.clock.leap(2)
            await world.approver.comment(world.pull_number, "/approve")
            await town.work()
            cancelled, waits = await world.ask(by="ben"), await world.ask(by="rosa")
            await town.work()
            await world.approver.unlabel(cancelled, LABEL)
            await town.work()
            asked = (await world.requester.open_issue("How many?")).number
            await world.requester.comment(asked, "/survey")
            await town.work()
            await world.requester.comment(asked, "/answer both")
            await town.work()
            assert waits
            await town.quiet()
            return await town.facts(deep=True)

    return asyncio.run(play())


def test_an_honest_story_breaks_no_promise(honest: Facts) -> None:
    assert {run.state for run in honest.runs} == {RunState.succeeded, RunState.cancelled, RunState.waiting}
    assert len(honest.merges) == 1
    assert broken(honest, QUIET) == []


# 1 --------------------------------------------------------------------------------------------------------------


def test_an_accepted_delivery_that_is_not_stored_is_seen(honest: Facts) -> None:
    assert_seen(
        dataclasses.replace(honest, accepted=honest.accepted | {"lost"}), "lost was answered 202 and is not stored"
    )


@pytest.mark.parametrize(
    ("state", "without"),
    [(DeliveryState.routed, "outcome"), (DeliveryState.pending, "not_before"), (DeliveryState.dead, "error")],
)
def test_a_stored_delivery_that_nobody_will_ever_look_at_is_seen(
    honest: Facts, state: DeliveryState, without: str
) -> None:
    stuck = honest.received[0].model_copy(update={"state": state, without: None})
    assert_seen(
        dataclasses.replace(honest, received=(stuck, *honest.received[1:])), f"is {state}, and nothing says why"
    )


# 2 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [RunState.queued, RunState.running])
def test_a_run_that_nothing_will_move_is_seen(honest: Facts, state: RunState) -> None:
    assert_seen(with_run(honest, RunState.waiting, state=state, waiting=None), f"is {state}, and nothing will move it")


def test_a_run_that_waits_for_nobody_by_name_or_for_somebody_who_was_not_told_is_seen(honest: Facts) -> None:
    (run,) = [run for run in honest.runs if run.state is RunState.waiting]
    assert run.waiting is not None
    nobody = run.waiting.model_copy(update={"person": None, "what": WaitingFor.answer})
    assert_seen(with_run(honest, RunState.waiting, waiting=nobody), "waits for answer, and for nobody by name")
    untold = run.waiting.model_copy(update={"person": "zoe"})
    assert_seen(with_run(honest, RunState.waiting, waiting=untold), "waits for @zoe, who was not told")


def test_a_run_that_waits_for_the_paths_of_none_that_will_give_them_back_is_seen(honest: Facts) -> None:
    (waits,) = [run for run in honest.runs if run.state is RunState.waiting]
    over = next(run for run in honest.runs if run.state is RunState.succeeded)
    assert waits.waiting is not None

    def behind(run: Run) -> Facts:
        why = f"Run `{run.id}` changes `a.py` too: this continues when that run is over."
        waiting = Waiting(what=WaitingFor.paths, why=why)
        return with_run(honest, RunState.waiting, waiting=waiting)

    assert_seen(behind(over), f"the run {waits.id} waits for paths that no run will ever give back")
    assert_seen(behind(waits), f"the run {waits.id} waits for paths that no run will ever give back")
    ahead = waits.model_copy(update={"id": RunId("ahead0000000")})
    two = behind(ahead)
    assert_seen(
        dataclasses.replace(two, runs=(*two.runs, ahead)),
        f"the run {waits.id} waits for paths, and its status does not say whose",
    )


def test_an_end_that_the_status_does_not_show_or_that_nothing_says_is_seen(honest: Facts) -> None:
    assert_seen(with_run(honest, RunState.cancelled, state=RunState.rejected), "and its status says '**🛑 Cancelled**")
    assert_seen(dataclasses.replace(honest, said=()), "is cancelled, and nothing on GitHub says so")


def test_a_failure_without_a_comment_and_a_check_that_shows_it_is_seen(honest: Facts) -> None:
    failed = with_run(honest, RunState.succeeded, state=RunState.failed)
    assert_seen(failed, "failed without a comment that says what to do")
    assert_seen(failed, "is failed, and no check of #2 shows it")


# 3 --------------------------------------------------------------------------------------------------------------


def with_words(merged: Merged, change: Callable[[Words], Words | None]) -> Merged:
    """The merge as if every comment by ada had been another, or none."""
    words = [change(one) if one.author == "ada" else one for one in merged.moment.words]
    moment = dataclasses.replace(merged.moment, words=tuple(one for one in words if one is not None))
    return dataclasses.replace(merged, moment=moment)


def with_moment(merged: Merged, **values: object) -> Merged:
    return dataclasses.replace(merged, moment=dataclasses.replace(merged.moment, **values))  # type: ignore[arg-type]


NOBODY = "0 of 1 people with the role write had approved"
UNAPPROVED: dict[str, tuple[Callable[[Merged], Merged], str]] = {
    "nobody said so": (lambda m: with_words(m, lambda _: None), NOBODY),
    "by the requester": (lambda m: with_words(m, lambda w: dataclasses.replace(w, author="rosa")), NOBODY),
    "by a stranger": (lambda m: with_words(m, lambda w: dataclasses.replace(w, author="sid")), NOBODY),
    "edited": (lambda m: with_words(m, lambda w: dataclasses.replace(w, untouched=False)), NOBODY),
    "elsewhere": (lambda m: with_words(m, lambda w: dataclasses.replace(w, number=9)), NOBODY),
    "before it was shown": (lambda m: with_words(m, lambda w: dataclasses.replace(w, id=1)), NOBODY),
    "another digest": (lambda m: with_words(m, lambda w: dataclasses.replace(w, body="/approve 0123456789ab")), NOBODY),
    "a lost role": (lambda m: with_moment(m, roles={**m.moment.roles, "ada": "read"}), NOBODY),
    "too few": (lambda m: with_moment(m, policy=POLICIES["two people"]), "1 of 2 people"),
    "an older policy": (lambda m: with_moment(m, policy_at=m.moment.at), NOBODY),
    "a broken policy": (lambda m: with_moment(m, policy=POLICIES["broken"]), "the policy file is none that allows"),
    "unasked": (lambda m: with_moment(m, askers={}), "@rosa, for whom it was made, never asked for it"),
    "other content": (lambda m: dataclasses.replace(m, brought=("another",)), "it brought ('another',)"),
    "another head": (lambda m: dataclasses.replace(m, head="f" * 40), "is not what our App pushed"),
    "no run's branch": (lambda m: dataclasses.replace(m, branch="feature"), "feature is no branch of a run"),
}


@pytest.mark.parametrize("name", UNAPPROVED)
def test_a_merge_that_was_not_approved_is_seen(honest: Facts, name: str) -> None:
    change, why = UNAPPROVED[name]
    assert_seen(dataclasses.replace(honest, merges=(change(honest.merges[0]),)), why)


def test_a_review_counts_for_its_head_until_its_author_wants_changes(honest: Facts) -> None:
    unsaid = with_words(honest.merges[0], lambda _: None)
    yes, no = Verdict("ada", "APPROVED", unsaid.head), Verdict("ada", "CHANGES_REQUESTED", unsaid.head)
    reviewed = dataclasses.replace(honest, merges=(dataclasses.replace(unsaid, reviews=(yes,)),))
    assert broken(reviewed, QUIET) == []
    for verdicts in [
        (dataclasses.replace(yes, commit="f" * 40),),
        (yes, no),
        (dataclasses.replace(yes, author="rosa"),),
    ]:
        merged = dataclasses.replace(unsaid, reviews=verdicts)
        assert_seen(dataclasses.replace(honest, merges=(merged,)), NOBODY)


def test_a_branch_without_a_yes_to_an_untouched_plan_is_seen(honest: Facts) -> None:
    (pushed,) = honest.pushes
    why = "was pushed before a person approved its plan"
    silent = tuple(one for one in pushed.moment.words if one.author != "ada")
    moment = dataclasses.replace(pushed.moment, words=silent)
    assert_seen(dataclasses.replace(honest, pushes=(dataclasses.replace(pushed, moment=moment),)), why)
    assert_seen(dataclasses.replace(honest, once_wrote=frozenset()), why)
    (plan,) = [one for one in pushed.moment.words if one.ours and "### Plan" in one.body]
    assert_seen(dataclasses.replace(honest, touched=(Touched(plan.created_at, plan),)), why)


# 4 --------------------------------------------------------------------------------------------------------------


def test_a_secret_in_any_place_is_seen(honest: Facts) -> None:
    assert len(honest.secrets) > 3
    for name, secret in honest.secrets.items():
        leaked = dataclasses.replace(honest, places={**honest.places, "a file": f"x{secret}x".encode()})
        assert_seen(leaked, f"{name} stands in a file")


def test_a_push_to_a_branch_that_is_no_runs_own_is_seen(honest: Facts) -> None:
    (pushed,) = honest.pushes
    for branch in ("main", "feature", "pullwright/1-slug-0000"):
        strayed = dataclasses.replace(pushed, branch=branch)
        assert_seen(dataclasses.replace(honest, pushes=(strayed,)), f"our App pushed to {branch}")
    over = dataclasses.replace(pushed, before="f" * 40)
    assert_seen(dataclasses.replace(honest, pushes=(over,)), "our App pushed over ffffffffffff")
    assert_seen(dataclasses.replace(honest, merges=()), "main moved to")


# 5 --------------------------------------------------------------------------------------------------------------


def test_a_journal_that_was_changed_or_cut_is_seen(honest: Facts) -> None:
    run, (journal, head) = next(iter(honest.journals.items()))
    for changed in (journal[:-1], [journal[0].model_copy(update={"actor": "mallory"}), *journal[1:]]):
        forged = dataclasses.replace(honest, journals={**honest.journals, run: (changed, head)})
        assert_seen(forged, f"the journal of {run} is broken at entry")


def test_anything_that_is_there_twice_is_seen(honest: Facts) -> None:
    twice = dataclasses.replace(honest, said=(*honest.said, honest.said[0]))
    assert_seen(twice, "2 comments carry the marker")
    assert_seen(dataclasses.replace(honest, checks=(*honest.checks, honest.checks[0])), "2 checks ('pullwright/")
    assert_seen(dataclasses.replace(honest, merges=honest.merges * 2), "#2 was merged 2 times")
    assert_seen(dataclasses.replace(honest, pushes=honest.pushes * 2), "was pushed 2 times")
    assert_seen(
        dataclasses.replace(honest, issues=(*honest.issues, *honest.issues)), "2 pull requests from pullwright/"
    )


def test_more_runs_than_wishes_are_seen(honest: Facts) -> None:
    assert_seen(dataclasses.replace(honest, runs=honest.runs * 2), "has 2 runs, and was asked for 1 times")


def test_an_item_that_is_begun_twice_comes_back_twice_or_outlives_the_whole_is_seen(honest: Facts) -> None:
    assert {run.part.index: run.state for run in honest.parts if run.part} == {
        0: RunState.succeeded,
        1: RunState.failed,
    }
    assert_seen(dataclasses.replace(honest, parts=honest.parts * 2), "'each', 0, 0) was begun 2 times")
    assert_seen(with_entries(honest, "part.merged"), "'each', 0, 0) came back 2 times")
    left = tuple(run.model_copy(update={"state": RunState.waiting}) for run in honest.parts)
    assert_seen(dataclasses.replace(honest, parts=left), "is waiting, and the run")


def test_an_answer_that_nobody_gave_or_who_may_not_or_that_was_taken_twice_is_seen(honest: Facts) -> None:
    assert_seen(with_entries(honest, "answer.taken"), "'which') was answered 2 times")
    assert_seen(with_entries(honest, "answer.taken", answer="none"), "the answer 'none' of the run")
    assert_seen(with_entries(honest, "answer.taken", by="sid"), "is not what @rosa said")
    assert_seen(dataclasses.replace(honest, once_wrote=frozenset()), "@rosa answered the run")


@pytest.mark.parametrize(
    ("kind", "why"),
    [("comment", "to say"), ("push", "the push of"), ("pull", "the pull of"), ("merge", "the merge of")],
)
def test_an_effect_that_no_entry_meant_is_seen(honest: Facts, kind: str, why: str) -> None:
    assert_seen(without_entries(honest, "effect.intended", kind), f"nothing meant {why}")


def test_an_effect_whose_journal_does_not_say_that_it_is_done_is_seen(honest: Facts) -> None:
    assert_seen(without_entries(honest, "effect.done", "merge"), "merge is done 0 times by its journal")
    undone = dict.fromkeys(honest.effects, EffectState.pending)
    assert_seen(dataclasses.replace(honest, effects=undone), "the journal tells that")


def with_entries(facts: Facts, name: str, **told: object) -> Facts:
    """The facts as if each of these entries stood there once more, and told this."""
    journals = {
        run: (
            [
                *journal,
                *(one.model_copy(update={"facts": {**one.facts, **told}}) for one in journal if one.name == name),
            ],
            head,
        )
        for run, (journal, head) in facts.journals.items()
    }
    return dataclasses.replace(facts, journals=journals)


def without_entries(facts: Facts, name: str, kind: str) -> Facts:
    journals = {
        run: ([one for one in journal if (one.name, one.facts.get("kind")) != (name, kind)], head)
        for run, (journal, head) in facts.journals.items()
    }
    return dataclasses.replace(facts, journals=journals)


def with_run(facts: Facts, which: RunState, **values: object) -> Facts:
    """The facts as if the run in this state were another."""
    changed = tuple(run.model_copy(update=values) if run.state is which else run for run in facts.runs)
    return dataclasses.replace(facts, runs=changed)


def assert_seen(facts: Facts, why: str) -> None:
    found = broken(facts, QUIET)
    assert any(why in sentence for sentence in found), found


def test_the_places_that_are_searched_hold_what_the_service_wrote(honest: Facts) -> None:
    """The search for secrets looks at something: each kind of place is there, and not empty."""
    kinds = ("comment ", "text of #2", "check ", "journal of ", "the log", "model: ", "pullwright.db", "artifacts/")
    for kind in kinds:
        assert any(place.startswith(kind) and content for place, content in honest.places.items()), kind
