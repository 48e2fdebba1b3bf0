"""A box ticked in a comment of ours: which edits are one, and which are something else."""

from typing import Any

import pytest
from facts_at_hand import APP, PLAN, comment, event, facts, issue_part, payload, planned, waiting_run
from hypothesis import given
from hypothesis import strategies as st

from core.facts import FactQuery, OurComment
from core.github import CommentEdit, CommentHistory
from core.intents import Ignore, Say, Signal
from core.markers import marked
from core.runs import SignalKind
from handlers import comment_edited, replies
from handlers.boxes import Tick, might_tick, only_ticked, ticked

DIGEST = PLAN[:12]
OURS = marked(f"### Plan\n\n- [ ] Reject it\n- tidy up\n\n{replies.boxes(PLAN)}", "run:r1:plan")
APPROVED = OURS.replace("- [ ] Approve", "- [x] Approve")
REJECTED = "- [x] Reject it".join(OURS.rsplit("- [ ] Reject it", 1))
WRITING = CommentEdit(id="E0", by=APP.login, deleted=False)
BY_ADA = CommentEdit(id="E1", by="ada", deleted=False)
ANOTHER = CommentEdit(id="E2", by="ada", deleted=False)


def test_the_boxes_name_what_they_approve() -> None:
    assert replies.boxes(PLAN) == f"- [ ] Approve `{DIGEST}`\n- [ ] Reject it"


def test_a_ticked_box_is_told_by_its_own_line() -> None:
    assert ticked(OURS, APPROVED) == Tick("approve", DIGEST)
    assert ticked(OURS, REJECTED) == Tick("reject")
    assert ticked(OURS, APPROVED.replace("[x]", "[X]").replace("\n", "\r\n")) == Tick("approve", DIGEST)


@pytest.mark.parametrize(
    "now",
    [
        OURS,
        REJECTED.replace("- [ ] Approve", "- [x] Approve"),
        APPROVED.replace("tidy up", "tear down"),
        APPROVED.replace(DIGEST, "0" * 12),
        APPROVED.replace("- [x] Approve", "- [x] approve"),
        APPROVED + "\n\n/approve",
        APPROVED.replace("- tidy up\n", ""),
        OURS.replace("- [ ] Approve", "- [y] Approve"),
        OURS.replace("- [ ] Reject it", "- [x] Reject it", 1),
        OURS.replace("- tidy up", "- [x] tidy up"),
    ],
    ids=[
        "nothing",
        "both boxes",
        "other words as well",
        "another digest",
        "another label",
        "more below it",
        "a row less",
        "no tick",
        "a line of the plan that looks like a box",
        "a line that is no box",
    ],
)
def test_any_other_edit_is_no_tick(now: str) -> None:
    assert ticked(OURS, now) is None


@given(st.text(alphabet="ab \n-[]x`" + DIGEST, max_size=60), st.integers(0, len(OURS)))
def test_no_edit_that_adds_anything_is_a_tick(added: str, place: int) -> None:
    assert (ticked(OURS, OURS[:place] + added + OURS[place:]) is None) or not added.strip()


def test_github_is_asked_only_about_edits_that_tick_something() -> None:
    assert might_tick("- [ ] milk\n- [ ] eggs", "- [ ] milk\n- [x] eggs")
    assert not might_tick("- [x] milk", "- [ ] milk")
    assert not might_tick("- [ ] milk", "- [x] milk and eggs")
    assert not might_tick("a\nb", "a\nc")


@pytest.mark.parametrize(
    ("body", "edits", "heard", "untouched"),
    [
        (OURS, (WRITING,), (), True),
        (APPROVED, (BY_ADA, WRITING), (), True),
        (OURS, (BY_ADA, WRITING), ("E1",), True),
        (APPROVED, (BY_ADA, WRITING), ("E1",), True),
        (OURS, (BY_ADA, WRITING), (), False),
        (APPROVED, (BY_ADA, ANOTHER, WRITING), (), False),
        (APPROVED, (ANOTHER, BY_ADA, WRITING), ("E1",), True),
        (OURS, (ANOTHER, BY_ADA, WRITING), ("E1",), False),
        (APPROVED, (CommentEdit(id="E1", by="ada", deleted=True), WRITING), (), False),
        ("### Plan: all is well", (BY_ADA, WRITING), ("E1",), False),
        ("### Plan: all is well", (WRITING,), (), False),
    ],
    ids=[
        "as it was written",
        "a tick that was not heard yet",
        "a tick that was heard and put back",
        "a tick that was heard",
        "words that were changed and put back",
        "something else before the tick",
        "another tick after one that was heard",
        "a tick that was heard, and something after it",
        "a tick whose place in the history was wiped",
        "other words after a tick",
        "other words, whoever wrote them",
    ],
)
def test_a_comment_is_untouched_where_nobody_but_us_ever_wrote_in_it_and_boxes_alone_were_ticked(
    body: str, edits: tuple[CommentEdit, ...], heard: tuple[str, ...], untouched: bool
) -> None:
    history = CommentHistory(body=body, edits=edits)
    assert only_ticked(history, [OURS], frozenset(heard), APP.login) is untouched


# The event -------------------------------------------------------------------------------------------------------


def delivered(after: str = APPROVED, *, sender: str = "ada") -> Any:
    """The delivery of an edit of our comment."""
    part = {"id": 50, "node_id": "IC_50", "body": after, "updated_at": "2026-01-01T12:05:00Z"}
    changes = {"body": {"from": OURS}}
    return event("issue_comment", payload("edited", sender, issue=issue_part(), comment=part, changes=changes))


def ours(*edits: CommentEdit, body: str = APPROVED, heard: tuple[str, ...] = ()) -> OurComment:
    history = CommentHistory(body=body, edits=(*edits, WRITING))
    return OurComment(history=history, written=(OURS,), ticks=frozenset(heard))


def wanted(known: OurComment, *, after: str = APPROVED, sender: str = "ada", **run: Any) -> Any:
    """The one thing that is wanted because of a tick."""
    waits = waiting_run(**{"asked_in": 50} | run)
    there = comment(after, app_id=APP.id)
    (found,) = planned(delivered(after, sender=sender), facts(comment=there, ours=known, runs=[waits]))
    return found


def test_for_a_tick_github_is_asked_who_made_it_and_for_nothing_else() -> None:
    assert comment_edited.needs(delivered()) == FactQuery(number=3, comment_id=50, box=APPROVED)
    assert comment_edited.needs(delivered(sender="renovate[bot]")) == Ignore(
        "neither the old words nor the new ones hold a command"
    )


def test_a_tick_is_a_signal_by_whom_github_names_about_what_its_line_names() -> None:
    signal = wanted(ours(BY_ADA))
    assert signal == Signal(
        run_id="r1", kind=SignalKind.approve, key="box:E1", actor="ada", digest=DIGEST, comment_id=50, edit_id="E1"
    )
    rejected = wanted(ours(BY_ADA, body=REJECTED), after=REJECTED)
    assert (rejected.kind, rejected.actor, rejected.digest) == (SignalKind.reject, "ada", None)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (OurComment(history=None, written=(OURS,), ticks=frozenset()), "GitHub does not tell who edited the comment"),
        (ours(BY_ADA, body=OURS), "no box is ticked in what the comment says now"),
        (ours(BY_ADA, body=REJECTED), "no box is ticked in what the comment says now"),
        (ours(ANOTHER, BY_ADA), "the comment was edited otherwise as well, so no tick in it counts"),
        (ours(BY_ADA, heard=("E1",)), "the comment was edited otherwise as well, so no tick in it counts"),
        (
            ours(CommentEdit(id="E1", by="mallory", deleted=False)),
            "GitHub does not name @ada as who ticked the box",
        ),
        (ours(CommentEdit(id="E1", by=None, deleted=False)), "GitHub does not name @ada as who ticked the box"),
    ],
    ids=["no history", "unticked again", "another box now", "more edits", "heard before", "another person", "a ghost"],
)
def test_in_every_doubt_a_tick_does_nothing(known: OurComment, why: str) -> None:
    assert wanted(known) == Ignore(why)


def test_a_tick_where_nothing_waits_any_more_is_told_so() -> None:
    stale = Say(
        3,
        "That box is out of date, so ticking it did nothing. `/status` shows where the run stands.",
        "box:E1:answer",
    )
    assert wanted(ours(BY_ADA), asked_in=51) == stale
    assert wanted(ours(BY_ADA), change=True) == stale


def test_a_box_in_a_comment_that_is_not_ours_is_nothing() -> None:
    (found,) = planned(delivered(), facts(comment=comment(APPROVED), ours=None, runs=[waiting_run(asked_in=50)]))
    assert found == Ignore("neither the old words nor the new ones hold a command")
