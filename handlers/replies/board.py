"""The text of a repository's board: what goes wrong there, and what waits for whom, since when, and where.

Nobody is mentioned in it. The text of equal facts is equal, so that nothing is edited while nothing changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.boards import Alarm, AlarmKind
from core.digests import short
from core.holds import Hold
from core.runs import Waiting
from core.states import WaitingFor
from handlers.neutralise import code, line
from handlers.replies.checks import CheckText
from handlers.replies.words import block, plural
from handlers.verbs import VERBS

BOARD_TITLE = "Waiting for somebody"
MOST_WAITS = 60
MOST_HOLDS = 20
MOST_ALARMS = 10
WHY_LIMIT = 200
LONG = timedelta(minutes=15)
"""What is put off for no longer than this needs nobody."""


@dataclass(frozen=True, slots=True)
class WaitView:
    """A run that waits for something."""

    run: str
    workflow: str
    number: int
    """The thread in which it waits; 0: there is none."""
    waiting: Waiting
    since: datetime


@dataclass(frozen=True, slots=True)
class BoardView:
    place: str
    """The address under which the repository's issues lie: `https://github.com/acme/site/issues`."""
    waits: Sequence[WaitView] = ()
    holds: Sequence[Hold] = ()
    """The operator's first."""
    alarms: Sequence[Alarm] = ()


def board(view: BoardView) -> str:
    """The whole text. What is beyond the limits is counted."""
    alarms = [_alarm(view.place, one) for one in view.alarms]
    holds = [_hold(view.place, one) for one in view.holds]
    waits = [_wait(view.place, one) for one in view.waits]
    return block(
        "\n".join(_most(alarms, MOST_ALARMS)),
        "\n".join([*_most(holds, MOST_HOLDS), *_most(waits, MOST_WAITS)]) or "Nothing is waiting for anybody.",
        "I keep this list up to date and notify nobody. Close the issue to stop that; "
        f"`/pin-status` ({VERBS['pin-status'].who}) starts it again.",
    )


def counts(waiting: Waiting, since: datetime, now: datetime) -> bool:
    """Whether somebody need see to it: a person is asked, or it is put off for long."""
    if waiting.what in {WaitingFor.approval, WaitingFor.answer, WaitingFor.budget}:
        return True
    if waiting.what is not WaitingFor.time:
        return False
    return now - since >= LONG or (waiting.not_before is not None and waiting.not_before - since >= LONG)


def board_is_there(number: int, unpinned: str | None) -> str:
    """The answer to whoever asked for the board. `unpinned`: why GitHub did not pin it."""
    there = f"#{number} lists everything in this repository that is waiting for somebody, and is kept up to date."
    if unpinned is None:
        return f"{there} It is pinned."
    how = "GitHub allows three pinned issues in a repository: unpin one and ask again, or pin it by hand."
    return f"{there} It could not be pinned: {line(unpinned)} {how}"


def no_board(why: str) -> str:
    return f"The issue cannot be made: {line(why)} Fix that and ask again."


def check_alarms(alarms: Sequence[Alarm]) -> CheckText:
    """`pullwright/config` on the head of a pull request while something goes wrong about it; without any, that it is
    over."""
    if not alarms:
        return CheckText("Nothing is wrong any more", "What was wrong here is over.")
    rows = [f"- {_told(one)}" for one in alarms[:MOST_ALARMS]]
    rows += [f"- and {len(alarms) - MOST_ALARMS} more"] if len(alarms) > MOST_ALARMS else []
    return CheckText(
        line(_NAMES[alarms[0].kind] if len(alarms) == 1 else plural(len(alarms), "alarm")), "\n".join(rows)
    )


_NAMES = {
    AlarmKind.policy: "The policy cannot be read",
    AlarmKind.loop: "Runs begin too often",
    AlarmKind.permission: "The App lacks a permission",
}


def _alarm(place: str, alarm: Alarm) -> str:
    where = f" [#{alarm.about}]({place}/{alarm.about})" if alarm.about else ""
    return f"- 🔴 `config`{where}: {_told(alarm)}"


def _told(alarm: Alarm) -> str:
    until = f", until {_at(alarm.until)}" if alarm.until is not None else ""
    return f"**{_NAMES[alarm.kind]}**, since {_at(alarm.since)}{until}. {line(alarm.why, WHY_LIMIT)}"


def _hold(place: str, hold: Hold) -> str:
    reason = f": {line(hold.reason, WHY_LIMIT)}" if hold.reason else ""
    if hold.by is None:
        return f"- ✋ All work, held by the operator since {_at(hold.since)}{reason}. Only the operator ends that."
    what = f"[#{hold.number}]({place}/{hold.number})" if hold.number is not None else "All work"
    ends = "/unhold" if hold.number is not None else "/unhold repository"
    return f"- ✋ {what}, held by {code(hold.by)} since {_at(hold.since)}{reason}. {_may(ends)}"


def _wait(place: str, view: WaitView) -> str:
    waiting = view.waiting
    where = f"[#{view.number}]({_address(place, view)})" if view.number else "The repository"
    asks = f" Asked is {code(waiting.person)}." if waiting.person is not None else ""
    head = f"- {where}, {code(view.workflow)}, waits for {_WHAT[waiting.what]} since {_at(view.since)}."
    return f"{head}{asks} {_how(view)} {line(waiting.why, WHY_LIMIT)}"


_WHAT = {
    WaitingFor.approval: "an approval",
    WaitingFor.answer: "an answer",
    WaitingFor.budget: "a higher budget",
    WaitingFor.time: "a time",
}


def _address(place: str, view: WaitView) -> str:
    comment = f"#issuecomment-{view.waiting.asked_in}" if view.waiting.asked_in is not None else ""
    return f"{place}/{view.number}{comment}"


def _how(view: WaitView) -> str:
    match view.waiting.what:
        case WaitingFor.answer:
            return _may("/answer")
        case WaitingFor.budget:
            return _may("/budget +2")
        case WaitingFor.time:
            return _may("/continue")
    if view.waiting.digest is None:
        return _may("/take")
    return f"`/approve {short(view.waiting.digest)}` ({VERBS['approve'].who}), `/revise` or `/reject`."


def _may(command: str) -> str:
    """What to say, and who may: as `/help` tells it."""
    who = VERBS[command.removeprefix("/").partition(" ")[0]].who
    if command == "/unhold repository":
        who = "admins"
    elif command == "/unhold":
        who = who.partition(";")[0]
    return f"`{command}` ({who})."


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _most(rows: Sequence[str], limit: int) -> list[str]:
    return list(rows) if len(rows) <= limit else [*rows[:limit], f"- and {len(rows) - limit} more"]
