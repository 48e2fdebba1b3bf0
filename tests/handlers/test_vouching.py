"""What a word for strangers covers: a digest, or the commit that it names; an answer; what events withheld."""

from typing import Any

import pytest
from facts_at_hand import (
    HEAD,
    OTHER_HEAD,
    account,
    at,
    behind,
    comment,
    commented,
    facts,
    issue,
    labelling,
    planned,
    pull,
    run,
    workflows,
)

from core.digests import names_commit
from core.github import Pull, Turn
from core.heads import Behind, Push, standing_behind
from core.intents import Ignore, React, Say, Signal, StartRun
from core.names import Role, RunId, Sha, Subject, SubjectKind
from core.runs import Run, SignalKind, Waiting
from core.states import RunState, WaitingFor

LOOK = "name: look\non: {command: look, subject: pull_request}\nsteps: [{id: a, run: 'true'}]\n"
COVERS = "That matches nothing here now: the text was edited, or there is a newer commit."
ASKED = comment("/look", id=41, number=4, author=account("eve"), created_at=at(-90), updated_at=at(-90))
ABOUT = Subject(kind=SubjectKind.pull_request, number=4)


def eves(**more: Any) -> Pull:
    """A pull request of eve, a stranger, from her fork."""
    theirs = {"author": account("eve"), "app_authored": False, "head_ref": "idea", "head_repository_id": 9}
    return pull(**{**theirs, "head_owner": "eve", **more})


def watching(on: str, name: str = "watch") -> str:
    return f"name: {name}\non: {{pull_request: {on}}}\nsteps: [{{id: a, run: 'true'}}]\n"


def said(words: str, **more: Any) -> list[Any]:
    """What a word by ada on eve's pull request comes to, where `look` is a command and nothing begins by itself."""
    there = {
        "comment": comment(words, number=4),
        "thread": [ASKED, comment(words, number=4)],
        "issue": issue(number=4, is_pull_request=True, author=account("eve"), labels=()),
        "pull": eves(),
        "workflows": workflows(look=LOOK),
        "behind_head": behind(Role.none),
        "commits": {HEAD[:7]: HEAD, HEAD[:12]: HEAD},
    }
    return planned(commented(words, on_pull=True), facts(**{**there, **more}))


def digest_of(**more: Any) -> str:
    """The digest that a bare word says back."""
    return said("/ok-to-run", **more)[-1].body.rpartition("`/ok-to-run ")[2].partition("`")[0]


def begun(intents: list[Any]) -> list[StartRun]:
    return [one for one in intents if isinstance(one, StartRun)]


def answer(intents: list[Any]) -> str:
    (one,) = [one for one in intents if isinstance(one, Say)]
    return one.body


# The commit as a name --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("abcdef0", True),
        ("ABCDEF0", True),
        (" `abcdef012345` ", True),
        ("abcdef0123456789abcdef0123456789abcdef01", True),
        ("abcdef", False),
        ("abcdef1", False),
        ("abcdef0 please", False),
        ("abcdef0123456789abcdef0123456789abcdef0123", False),
        ("", False),
        ("HEAD", False),
    ],
)
def test_seven_digits_or_more_name_a_commit(typed: str, names: bool) -> None:
    assert names_commit(typed, Sha("abcdef0123456789abcdef0123456789abcdef01")) is names


@pytest.mark.parametrize("typed", [HEAD[:7], HEAD[:12], HEAD, f"`{HEAD[:7]}`"])
def test_the_head_names_what_was_asked_for_there_and_the_answer_says_all_that_it_stood_for(typed: str) -> None:
    intents = said(f"/ok-to-run {typed}")
    (start,) = begun(intents)
    digest = digest_of()
    assert (start.workflow, start.requester, start.snapshot.head, start.base) == (
        "look",
        "ada",
        HEAD,
        ("main", "c" * 40),
    )
    assert start.key.startswith(f"ok:1:4:{digest}")
    assert answer(intents) == (
        f"`/look` by @eve starts at `{HEAD[:12]}` for `main`, with the text as it reads now (`{digest}`), "
        f"because you named `{HEAD}`."
    )


@pytest.mark.parametrize(
    ("words", "more", "why"),
    [
        (f"/ok-to-run {OTHER_HEAD[:7]}", {}, COVERS),
        (f"/ok-to-run {HEAD[:6]}", {}, "Nothing was done: `/ok-to-run` takes nothing, or at least 12"),
        (f"/ok-to-run {HEAD[:7]}", {"pull": eves(head_sha=OTHER_HEAD)}, COVERS),
        (f"/ok-to-run {HEAD[:7]}", {"pull": eves(open=False)}, COVERS),
        (f"/ok-to-run {HEAD[:7]}", {"commits": {}}, "More than one commit may begin with these digits."),
        (f"/ok-to-run {HEAD[:7]}", {"commits": {HEAD[:7]: OTHER_HEAD}}, "More than one commit may begin with these"),
        (
            f"/ok-to-run {HEAD}",
            {"issue": issue(number=4, is_pull_request=True, author=account("eve"), body="Steal.")},
            "The commit alone does not stand for this: a text was edited, or the request was made less than 30 seconds",
        ),
        (
            f"/ok-to-run {HEAD}",
            {"issue": issue(number=4, is_pull_request=True, author=account("eve"), title="Steal")},
            "The commit alone does not stand for this: a text was edited, or the request was made less than 30 seconds",
        ),
        (
            f"/ok-to-run {HEAD}",
            {"thread": [ASKED.model_copy(update={"updated_at": at(3)})]},
            "The commit alone does not stand for this",
        ),
        (
            f"/ok-to-run {HEAD}",
            {"thread": [comment("/look", id=60, number=4, author=account("eve"), created_at=at(2), updated_at=at(2))]},
            "The commit alone does not stand for this",
        ),
        (
            f"/ok-to-run {HEAD}",
            {"thread": [ASKED.model_copy(update={"updated_at": at(-60)})]},
            "The commit alone does not stand for this",
        ),
        (
            f"/ok-to-run {HEAD}",
            {"thread": [ASKED.model_copy(update={"created_at": at(-29), "updated_at": at(-29)})]},
            "The commit alone does not stand for this",
        ),
        (f"/ok-to-run {HEAD}", {"thread": []}, "Nobody has asked for anything here"),
    ],
    ids=[
        "another commit",
        "too few digits",
        "the head moved",
        "closed",
        "digits of several commits",
        "digits of another commit",
        "text edited",
        "title edited",
        "comment edited after the word",
        "asked for after the word",
        "comment edited before the word",
        "asked for just before the word",
        "nothing asked for",
    ],
)
def test_what_is_not_the_head_of_that_moment_with_the_text_of_that_moment_starts_nothing(
    words: str, more: dict[str, Any], why: str
) -> None:
    intents = said(words, **more)
    assert begun(intents) == []
    assert answer(intents).startswith(why)


def test_digits_that_we_named_as_a_digest_are_one_whatever_commit_was_made_to_begin_like_them() -> None:
    told = digest_of()
    forged = eves(head_sha=Sha(f"{told}{'0' * 28}"))
    ours = comment(
        f"…say `/ok-to-run {told}`: …", id=45, number=4, app_id=7, author=account("pullwright-dev[bot]", bot=True)
    )
    intents = said(f"/ok-to-run {told}", pull=forged, thread=[ASKED, ours], commits={told: forged.head_sha})
    assert begun(intents) == []
    assert answer(intents).startswith(COVERS)


def test_a_commit_that_was_let_run_is_not_let_run_again() -> None:
    before = run(workflow="look", subject=ABOUT, source_comment_id=41, state=RunState.failed)
    there = before.model_copy(update={"snapshot": before.snapshot.model_copy(update={"head": HEAD})})
    intents = said(f"/ok-to-run {HEAD}", runs=[there])
    assert begun(intents) == []
    assert answer(intents) == (
        f"Nothing waits for `/ok-to-run` at `{HEAD[:12]}`: what was requested here has already started."
    )
    elsewhere = before.model_copy(update={"snapshot": before.snapshot.model_copy(update={"head": OTHER_HEAD})})
    assert len(begun(said(f"/ok-to-run {HEAD}", runs=[elsewhere]))) == 1


# What a digest covers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"pull": eves(base_ref="release")},
        {"pull": eves(head_sha=OTHER_HEAD)},
        {"issue": issue(number=4, is_pull_request=True, author=account("eve"), labels=(), title="Steal")},
        {"issue": issue(number=4, is_pull_request=True, author=account("eve"), labels=(), body="Steal.")},
        {"thread": [ASKED.model_copy(update={"body": "/look away", "updated_at": at(-1)})]},
        {"thread": [ASKED, comment("Steal.", id=40, number=4, created_at=at(-99), updated_at=at(-99))]},
    ],
    ids=["base", "head", "title", "text", "command", "thread"],
)
def test_another_base_head_or_text_is_another_content(changed: dict[str, Any]) -> None:
    digest = digest_of()
    intents = said(f"/ok-to-run {digest}", **changed)
    assert begun(intents) == []
    assert answer(intents).startswith(COVERS)
    assert len(begun(said(f"/ok-to-run {digest}"))) == 1


def test_a_base_that_only_moved_is_the_same_content() -> None:
    assert len(begun(said(f"/ok-to-run {digest_of()}", pull=eves(base_sha=Sha("e" * 40))))) == 1


# Whose head it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "last", "stand"),
    [
        ("olga", None, [("opened", "eve"), ("owns", "olga")]),
        (None, None, [("opened", "eve"), ("owns", None)]),
        ("eve", Push(head=HEAD, actor="zoe"), [("opened", "eve"), ("owns", "eve"), ("pushed", "zoe")]),
        ("eve", Push(head=OTHER_HEAD, actor="zoe"), [("opened", "eve"), ("owns", "eve"), ("pushed", None)]),
    ],
)
def test_who_stands_behind_a_head(owner: str | None, last: Push | None, stand: list[tuple[str, str | None]]) -> None:
    assert standing_behind(eves(head_owner=owner), last) == stand


MEMBER = Role.triage


@pytest.mark.parametrize(
    ("those", "whose"),
    [
        (behind(MEMBER), None),
        (behind(MEMBER, MEMBER, zoe=MEMBER), None),
        (behind(Role.read), "from a fork of @eve, who may not start work here"),
        (behind(MEMBER, Role.read), "from a fork that belongs to @olga, who may not start work here"),
        (behind(MEMBER, MEMBER, zoe=Role.none), "pushed to a fork by @zoe, who may not start work here"),
        (
            (*behind(MEMBER), Behind("pushed", None, Role.none)),
            "from a fork that somebody has pushed to since; GitHub did not say who",
        ),
        (
            (Behind("opened", "eve", MEMBER), Behind("owns", None, Role.none)),
            "from a fork that belongs to no person whose role here could be looked up",
        ),
        ((), "from a fork of @eve, who may not start work here"),
        ((Behind("opened", "eve", MEMBER),), "from a fork that belongs to @eve, who may not start work here"),
        ((Behind("owns", "eve", MEMBER),), "from a fork of @eve, who may not start work here"),
    ],
)
def test_a_head_is_strange_where_one_of_those_behind_it_may_not_start_work_or_is_not_known(
    those: tuple[Behind, ...], whose: str | None
) -> None:
    words = comment("/look", number=4)
    intents = said("/look", comment=words, thread=[words], behind_head=those)
    if whose is None:
        assert len(begun(intents)) == 1
    else:
        assert begun(intents) == []
        assert answer(intents).startswith(
            f"`/look` would work with `{HEAD[:12]}`, {whose}. Look at it, then say `/ok-to-run "
        )


# What events withheld --------------------------------------------------------------------------------------------

EVERY = "{types: [opened, synchronize, reopened, ready_for_review, labeled]}"
PUSHED = behind(Role.none, eve=Role.none)


def turned(kind: str, by: str = "ada") -> dict[str, Any]:
    return {"turns": {kind: Turn(actor=account(by), created_at=at(-5))}}


def alone(on: str, words: str = f"/ok-to-run {HEAD}", **more: Any) -> list[Any]:
    """The same where nobody asked for anything, and `watch` begins by itself."""
    return said(words, **{"thread": [], "workflows": workflows(watch=watching(on)), **more})


@pytest.mark.parametrize(
    ("on", "more", "key"),
    [
        ("{types: [opened]}", {}, f"pull:1:4:opened:{HEAD}:watch"),
        (EVERY, {"behind_head": PUSHED}, f"pull:1:4:opened:{HEAD}:watch"),
        ("{types: [synchronize]}", {"behind_head": PUSHED}, f"pull:1:4:synchronize:{HEAD}:watch"),
        ("{types: [synchronize]}", {}, None),
        ("{types: [reopened]}", turned("reopened"), f"pull:1:4:reopened:{HEAD}:watch"),
        ("{types: [ready_for_review]}", turned("ready_for_review"), f"pull:1:4:ready_for_review:{HEAD}:watch"),
        ("{types: [ready_for_review]}", {**turned("ready_for_review"), "pull": eves(draft=True)}, None),
        ("{types: [reopened]}", turned("reopened", "x[bot]"), None),
        ("{types: [labeled]}", {"labellings": [labelling(label="bug")]}, "pull:1:4:labeled:900:watch"),
        ("{types: [labeled], labels: [bug]}", {"labellings": [labelling(label="docs")]}, None),
        (
            "{types: [labeled]}",
            {"labellings": [labelling(label="a"), labelling(label="b", id=901)]},
            "pull:1:4:labeled:901:watch",
        ),
        ("{branches: [release]}", {}, None),
        ("{authors: [eve]}", {}, f"pull:1:4:opened:{HEAD}:watch"),
        ("{paths: ['docs/**']}", {"changed": ("a.py",)}, None),
        ("{}", {"pull": eves(author=account("x[bot]", bot=True))}, None),
        ("{}", {"pull": eves(open=False)}, None),
        ("{}", {"pull": eves(head_repository_id=1)}, None),
    ],
)
def test_the_word_starts_what_the_event_would_have_started_under_the_key_of_the_event(
    on: str, more: dict[str, Any], key: str | None
) -> None:
    intents = alone(on, **more)
    assert [one.key for one in begun(intents)] == ([key] if key is not None else [])
    if key is not None:
        (start,) = begun(intents)
        assert (start.requester, start.snapshot.head, start.snapshot.fork) == ("ada", HEAD, True)
        assert (start.subject, start.base) == (ABOUT, ("main", "c" * 40))


def test_a_bare_word_names_the_digest_of_what_begins_by_itself_and_that_starts_all_of_it() -> None:
    both = workflows(watch=watching("{}"), greet=watching("{}", "greet"))
    _, how = alone("{}", "/ok-to-run", workflows=both)
    digest = how.body.partition("`/ok-to-run ")[2].partition("`")[0]
    assert how.body == (
        f"Everything that runs automatically here (`greet`, `watch`) at `{HEAD[:12]}` for `main`, with the text as it "
        f"reads now, is `{digest}`. Read it, then say `/ok-to-run {digest}`: it covers exactly that, and no later "
        "edit or commit."
    )
    intents = alone("{}", f"/ok-to-run {digest}", workflows=both)
    assert [one.workflow for one in begun(intents)] == ["greet", "watch"]
    assert [one for one in intents if isinstance(one, React)] == [React(4, 50, "eyes")]
    for other in (eves(head_sha=OTHER_HEAD), eves(base_ref="release")):
        assert begun(alone("{}", f"/ok-to-run {digest}", workflows=both, pull=other)) == []


def test_what_the_event_began_is_not_begun_again_nor_by_two_words() -> None:
    there = run(workflow="watch", subject=ABOUT, trigger_key=f"pull:1:4:opened:{HEAD}:watch", state=RunState.succeeded)
    assert answer(alone("{}", runs=[there])).startswith("Nothing waits for `/ok-to-run` at")
    digest = alone("{}", "/ok-to-run")[-1].body.partition("`/ok-to-run ")[2].partition("`")[0]
    ignored, _ = alone("{}", f"/ok-to-run {digest}", runs=[there])
    assert ignored == Ignore("this order has started its run already")


@pytest.mark.parametrize("role", [Role.none, Role.read])
def test_a_stranger_lets_no_event_start_anything(role: Role) -> None:
    intents = alone("{}", role=role)
    assert begun(intents) == []
    assert answer(intents).startswith("Not done: `/ok-to-run` needs the role")


def test_what_was_asked_for_goes_before_what_events_withheld_and_the_next_word_lets_those_run() -> None:
    both = workflows(look=LOOK, watch=watching("{}"))
    (first,) = begun(said(f"/ok-to-run {HEAD}", workflows=both))
    assert first.workflow == "look"
    began = run(workflow="look", subject=ABOUT, source_comment_id=41, trigger_key=first.key, state=RunState.succeeded)
    (second,) = begun(said(f"/ok-to-run {HEAD}", workflows=both, runs=[began]))
    assert second.workflow == "watch"
    assert len(answer(said("/ok-to-run", workflows=both)).split("\n\n")) == 2


# Answers ---------------------------------------------------------------------------------------------------------


def asking(**more: Any) -> Run:
    return run(RunState.waiting, waiting=Waiting(what=WaitingFor.answer, why="…", person="bob", asked_in=40, **more))


BLUE = comment("/answer blue", id=44, author=account("eve"), created_at=at(-9), updated_at=at(-9))


def word(words: str, *, theirs: Any = BLUE, **more: Any) -> list[Any]:
    """What a word by ada comes to where a run asks, and eve, a stranger, answered."""
    known = {"comment": comment(words), "thread": [theirs], "runs": [asking()]} | more
    return planned(commented(words), facts(**known))


def answer_digest() -> str:
    how = answer(word("/ok-to-run"))
    digest = how.partition("`/ok-to-run ")[2].partition("`")[0]
    assert how == (
        f"The answer of @eve, as it reads now, is `{digest}`. Read it, then say `/ok-to-run {digest}`: "
        "the run continues with exactly that, not with a later edit."
    )
    return digest


def test_a_strangers_answer_counts_with_the_word_of_somebody_who_may_answer() -> None:
    signal, eyes = word(f"/ok-to-run {answer_digest()}")
    assert isinstance(signal, Signal)
    assert (signal.run_id, signal.kind, signal.actor, signal.text) == ("r1", SignalKind.answer, "ada", "blue")
    assert (signal.comment_id, signal.vouches_for) == (50, 44)
    assert eyes == React(3, 50, "eyes")


@pytest.mark.parametrize(
    "more",
    [
        {"theirs": BLUE.model_copy(update={"body": "/answer red", "updated_at": at(-1)})},
        {"theirs": BLUE.model_copy(update={"updated_at": at(-1)})},
        {"theirs": BLUE.model_copy(update={"body": "/answer red"})},
        {"theirs": BLUE.model_copy(update={"id": 45})},
        {"theirs": BLUE.model_copy(update={"app_id": 9})},
        {"thread": []},
        {"runs": []},
        {"runs": [run(RunState.running)]},
        {"runs": [asking().model_copy(update={"id": RunId("r2")})]},
        {"runs": [run(RunState.waiting, waiting=Waiting(what=WaitingFor.answer, why="…", asked_in=45))]},
    ],
    ids=[
        "edited",
        "edited and put back",
        "another text",
        "another comment",
        "an app's",
        "deleted",
        "no run",
        "no question",
        "another run",
        "an older answer",
    ],
)
def test_an_answer_that_is_another_one_by_now_or_that_nothing_asks_for_does_not_count(more: dict[str, Any]) -> None:
    intents = word(f"/ok-to-run {answer_digest()}", **more)
    assert [one for one in intents if isinstance(one, Signal)] == []


@pytest.mark.parametrize("role", [Role.none, Role.read])
def test_a_stranger_vouches_for_no_answer_not_even_their_own(role: Role) -> None:
    intents = word(f"/ok-to-run {answer_digest()}", role=role)
    assert [one for one in intents if isinstance(one, Signal)] == []
    assert answer(intents).startswith("Not done: `/ok-to-run` needs the role")


def test_a_commit_vouches_for_no_answer() -> None:
    intents = said(f"/ok-to-run {HEAD}", thread=[BLUE.model_copy(update={"number": 4})], runs=[asking()])
    assert [one for one in intents if isinstance(one, Signal)] == []
