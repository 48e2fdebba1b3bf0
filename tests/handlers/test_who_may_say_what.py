"""Who may say what: every kind of person, every verb, each built-in policy, with the answers word for word.

The tables stand in `who_may_say_what.md`: `yes` where the order is carried out, `-` where nobody is answered, and else
the number of the answer below, in which NAME is the person. A person here is what GitHub says of them at that moment;
whoever GitHub says nothing of has no role.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from facts_at_hand import NOON, account, comment, commented, facts, issue, planned, waiting_run
from facts_at_hand import run as a_run

from core.facts import PolicyFile
from core.holds import Hold
from core.intents import Ignore, React, Say
from core.names import Role, Sha
from core.runs import Waiting
from core.states import RunState, WaitingFor
from handlers.verbs import VERBS
from policies.schema import BuiltIn

TABLES = Path(__file__).parent / "who_may_say_what.md"


@dataclass(frozen=True)
class Who:
    login: str
    role: Role | None
    bot: bool = False
    association: str = "NONE"


PEOPLE = {
    "none": Who("ada", Role.none),
    "read": Who("ada", Role.read),
    "triage": Who("ada", Role.triage),
    "write": Who("ada", Role.write),
    "maintain": Who("ada", Role.maintain),
    "admin": Who("ada", Role.admin),
    "code owner": Who("olga", Role.write, association="MEMBER"),
    "requester": Who("bob", Role.triage),
    "author": Who("reporter", Role.none, association="CONTRIBUTOR"),
    "bot": Who("robot[bot]", Role.admin, bot=True),
    "outside": Who("otto", Role.write, association="COLLABORATOR"),
    "suspended": Who("sue", Role.none),
    "unknown": Who("ada", None),
}
"""`outside`: a collaborator from outside the organisation. `unknown`: the look-up of the role failed."""

SAID = {
    "answer": "/answer yes",
    "revise": "/revise smaller",
    "budget": "/budget +2",
    "hold": "/hold until Monday",
    "hold all": "/hold repository",
    "unhold all": "/unhold repository",
}
"""What is typed, where the verb alone would not do."""

WAITS_FOR = {"answer": WaitingFor.answer, "continue": WaitingFor.budget}
"""What the run waits for, where it is not an approval of its plan."""

OTHERS_HOLD = Hold(owner="acme", name="site", reason="", since=NOON, by="zoe", number=3)
ALL_HELD = Hold(owner="acme", name="site", reason="", since=NOON, by="zoe")


def answered(what: str, who: Who, policy: BuiltIn) -> str:
    """`yes`, `-`, or the answer."""
    body = SAID.get(what, f"/{what}")
    verb = what.partition(" ")[0]
    it = comment(body, author=account(who.login, bot=who.bot), author_association=who.association, id=50)
    runs = [waiting_run()]
    if verb in {"implement", "retry", "undo"}:
        runs = [a_run(RunState.failed)] if verb == "retry" else []
    if verb in WAITS_FOR:
        runs = [a_run(RunState.waiting, waiting=Waiting(what=WAITS_FOR[verb], why="…", asked_in=40))]
    if verb == "take":
        runs = [waiting_run(change=True)]
    hold = ALL_HELD if what == "unhold all" else OTHERS_HOLD if what == "unhold" else None
    text = f"version: 1\npolicy: {policy.value}\n"
    file = PolicyFile(path=".github/pullwright.yml", text=text, sha=Sha("d" * 40))
    known = facts(comment=it, runs=runs, role=who.role, issue=issue(), policy=file, hold=hold)
    intents = planned(commented(body, sender=who.login), known)
    if any(isinstance(one, Ignore) for one in intents):
        return "-"
    said = "\n".join(one.body for one in intents if isinstance(one, Say))
    refused = any(isinstance(one, React) and one.content == "confused" for one in intents)
    return said.replace(f"@{who.login}", "@NAME") if refused else "yes"


def table(policy: BuiltIn) -> str:
    answers: list[str] = []
    rows = ["| | " + " | ".join(PEOPLE) + " |", "| --- |" + " --- |" * len(PEOPLE)]
    for what in sorted({*VERBS, *SAID}):
        cells = []
        for who in PEOPLE.values():
            answer = answered(what, who, policy)
            if answer not in {"yes", "-"}:
                if answer not in answers:
                    answers.append(answer)
                answer = str(answers.index(answer) + 1)
            cells.append(answer)
        rows.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join([*rows, "", *(f"{number}. {answer}" for number, answer in enumerate(answers, 1))])


@pytest.mark.parametrize("policy", list(BuiltIn))
def test_who_may_say_what(policy: BuiltIn) -> None:
    assert f"## {policy.value}\n\n{table(policy)}\n" in TABLES.read_text(encoding="utf-8")


@pytest.mark.parametrize("policy", list(BuiltIn))
@pytest.mark.parametrize("what", sorted({*VERBS, *SAID}))
def test_whoever_github_says_nothing_of_may_no_more_than_a_stranger(what: str, policy: BuiltIn) -> None:
    unknown, stranger = (answered(what, PEOPLE[who], policy) for who in ("unknown", "none"))
    assert unknown == stranger
    assert answered(what, PEOPLE["bot"], policy) == "-"


@pytest.mark.parametrize("policy", list(BuiltIn))
def test_a_stranger_changes_nothing(policy: BuiltIn) -> None:
    may = {what for what in {*VERBS, *SAID} if answered(what, PEOPLE["none"], policy) == "yes"}
    assert may == {name for name, verb in VERBS.items() if not verb.decides}


def written() -> str:
    """The whole file, as the code has it now."""
    return "# Who may say what\n\n" + "\n".join(f"## {policy.value}\n\n{table(policy)}\n" for policy in BuiltIn)
