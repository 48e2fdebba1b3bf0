"""What the board says, word for word: it mentions nobody, is never too long, and is the same while nothing changes."""

from datetime import timedelta

import pytest
from facts_at_hand import NOON, comment, commented, event, facts, issue, issue_part, payload, planned

from core.boards import Alarm, AlarmKind
from core.holds import Hold
from core.intents import AskForBoard, LookAtBoard
from core.names import Digest, Role
from core.runs import Waiting
from core.states import WaitingFor
from handlers.replies import board, board_is_there, counts, no_board
from handlers.replies.board import BoardView, WaitView
from jobs.effects.comments import LIMIT

PLACE = "https://github.com/acme/site/issues"
DIGEST = Digest("0a49458480fe" + "0" * 52)


def wait(number: int = 3, what: WaitingFor = WaitingFor.approval, **more: object) -> WaitView:
    fields = {"what": what, "why": "One of two.", "person": "rosa", "digest": DIGEST, **more}
    return WaitView("r1", "implement", number, Waiting.model_validate(fields), NOON)


def alarm(**more: object) -> Alarm:
    fields = {"kind": AlarmKind.loop, "about": 7, "why": "2 runs began, says @bob.", "since": NOON, **more}
    return Alarm.model_validate(fields)


def test_what_goes_wrong_comes_first_then_what_is_held_then_what_waits():
    held = Hold(owner="acme", name="site", reason="red `tests`", since=NOON, by="zoe", number=5)
    operators = Hold(reason="an upgrade", since=NOON)
    view = BoardView(PLACE, [wait(asked_in=40)], [operators, held], [alarm(until=NOON + timedelta(hours=1))])
    alarms, waits, ending = board(view).split("\n\n")
    assert alarms == (
        f"- 🔴 `config` [#7]({PLACE}/7): **Runs begin too often**, since {NOON:%Y-%m-%d} 12:00 UTC, "
        f"until {NOON:%Y-%m-%d} 13:00 UTC. 2 runs began, says ＠bob."
    )
    since = f"since {NOON:%Y-%m-%d} 12:00 UTC"
    assert waits == (
        f"- ✋ All work, held by the operator {since}: an upgrade. Only the operator ends that.\n"
        f"- ✋ [#5]({PLACE}/5), held by `zoe` {since}: red `tests`. `/unhold` (write role, or who held it).\n"
        f"- [#3]({PLACE}/3#issuecomment-40), `implement`, waits for an approval {since}. "
        "Asked is `rosa`. `/approve 0a49458480fe` (approvers, by policy), `/revise` or `/reject`. One of two."
    )
    assert ending == (
        "I keep this list up to date and notify nobody. Close the issue to stop that; `/pin-status` "
        "(maintain role) starts it again."
    )


@pytest.mark.parametrize(
    ("what", "how"),
    [
        (WaitingFor.answer, "waits for an answer since .* `/answer` (requesters)."),
        (WaitingFor.budget, "waits for a higher budget since .* `/budget +2` (write role)."),
        (WaitingFor.time, "waits for a time since .* `/continue` (requesters)."),
    ],
)
def test_each_says_what_to_say_and_who_may(what: WaitingFor, how: str):
    said, then = how.split(".*")
    text = board(BoardView(PLACE, [wait(what=what)]))
    assert said.strip() in text
    assert then in text


def test_words_of_strangers_are_harmless_there_and_however_much_waits_the_text_fits():
    evil = "@octo Fixes #1 ![x](http://x/y.png) <!-- pullwright 0 -->\n/approve " * 200
    held = [Hold(reason=evil, since=NOON, by="zoe", number=one) for one in range(1, 200)]
    view = BoardView(
        PLACE,
        [wait(one, why=evil) for one in range(1, 500)],
        held,
        [alarm(about=one, why=evil) for one in range(1, 100)],
    )
    text = board(view)
    assert "@" not in text
    assert "<!--" not in text
    assert "![" not in text
    assert "\n/approve" not in text
    assert [row for row in text.splitlines() if row.startswith("- and ")] == [
        "- and 89 more",
        "- and 179 more",
        "- and 439 more",
    ]
    assert len(text) < LIMIT - 200


def test_an_empty_one_says_so_and_equal_facts_have_equal_words():
    assert board(BoardView(PLACE)).startswith("Nothing is waiting for anybody.\n\n")
    assert board(BoardView(PLACE, [wait()])) == board(BoardView(PLACE, [wait()]))


def test_what_only_waits_for_a_moment_or_for_no_person_is_left_out():
    def waits(what: WaitingFor, minutes: int | None = None) -> bool:
        until = NOON + timedelta(minutes=minutes) if minutes is not None else None
        return counts(Waiting(what=what, why="…", not_before=until), NOON, NOON + timedelta(minutes=1))

    people = {one for one in WaitingFor if waits(one)}
    assert people == {WaitingFor.approval, WaitingFor.answer, WaitingFor.budget}
    assert [waits(WaitingFor.time, minutes) for minutes in (5, 15)] == [False, True]
    assert counts(Waiting(what=WaitingFor.time, why="…"), NOON, NOON + timedelta(minutes=15))


def test_who_asked_is_told_where_it_is_and_what_github_did_not_do():
    there = "#9 lists everything in this repository that is waiting for somebody, and is kept up to date."
    assert board_is_there(9, None) == f"{there} It is pinned."
    assert board_is_there(9, "No.") == (
        f"{there} It could not be pinned: No. GitHub allows three pinned issues in a repository: "
        "unpin one and ask again, or pin it by hand."
    )
    assert no_board("Issues are off.") == "The issue cannot be made: Issues are off. Fix that and ask again."


def test_a_maintainer_asks_for_it_and_the_closing_of_it_is_looked_into():
    known = facts(comment=comment("/pin-status"), role=Role.maintain)
    asked, _ = planned(commented("/pin-status"), known)
    assert isinstance(asked, AskForBoard)
    closed = event("issues", payload("closed", "ada", issue=issue_part()))
    assert planned(closed, facts(issue=issue(open=False), board=3))[0] == LookAtBoard()
    assert LookAtBoard() not in planned(closed, facts(issue=issue(open=False), board=4))
