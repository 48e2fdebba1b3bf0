"""The tables of what is found in a change, and of checks and buttons, say what the code says."""

import re

from docs_pages import DOCS, rows

from handlers.replies.checks import HOLD, HOW_TO_APPROVE, REJECT
from policies.drift import FINDINGS, HIDDEN_EFFECTS

SECURITY, COMMANDS = DOCS / "security.md", DOCS / "commands.md"


def test_every_finding_stands_there_with_what_follows_from_it() -> None:
    table = rows(SECURITY, "finding", "what is found", "what follows")
    assert table == [[kind.name, kind.what, kind.follows.value] for kind in FINDINGS.values()]


def test_the_files_that_act_without_being_called_are_all_named() -> None:
    text = SECURITY.read_text().partition("Files that act without being called")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"`([^`]+)`", text)) == HIDDEN_EFFECTS


def test_the_buttons_are_those_of_the_approval_check() -> None:
    table = rows(COMMANDS, "button", "what it does", "who may")
    assert [row[0] for row in table] == [button.label for button in (HOW_TO_APPROVE, REJECT, HOLD)]
