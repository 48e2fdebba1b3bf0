"""The corpus as `docs/security.md` shows it: every case by its name, beside what stops it."""

from pathlib import Path

from hostile_bases import BASES
from hostile_commands import PROBES
from hostile_floods import ASKED, FLOODS, POISONS
from hostile_repositories import TREES

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
HEAD = "| what stops it | what is tried |\n| --- | --- |\n"
CASES = (*TREES, *BASES, *PROBES, *FLOODS, *POISONS, *ASKED)


def table() -> str:
    """A row for each defence, with the cases that it stops, in their order."""
    rows: dict[str, list[str]] = {}
    for case in CASES:
        rows.setdefault(case.stop, []).append(case.name)
    return HEAD + "".join(f"| {stop} | {', '.join(names)} |\n" for stop, names in rows.items())


def test_every_case_has_a_name_of_its_own_and_a_sentence():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert all(case.tries and not case.tries.endswith(".") for case in CASES)


def test_the_page_shows_every_case_and_what_stops_it():
    assert table() in PAGE.read_text(), f"docs/security.md should have this table:\n\n{table()}"
