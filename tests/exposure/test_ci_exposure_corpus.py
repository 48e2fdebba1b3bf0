"""The corpus: workflow files as repositories have them, traps among them, each with its verdict and reason beside it.

The first lines of a file say what is expected: the verdict of the file, what `ci: auto` holds, which files of `beside`
lie beside it, and the sentence that people read.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from policies.exposure import FOLDER, exposure, hold
from policies.exposure_triggers import Offer

CORPUS = Path(__file__).parent / "corpus"
OFFER = Offer("acme/slugs", "pullwright/7-fix-slugify-r1", "main", ("slugs/text.py", "tests/test_text.py"))
HEAD = re.compile(r"# verdict: (\w+), hold: (\w+)(?:, beside: ([\w. -]+))?\n# why: (.+)\n")


@dataclass(frozen=True)
class Case:
    path: str
    text: str
    verdict: str
    held: str
    beside: tuple[str, ...]
    why: str


def case(file: Path) -> Case:
    text = file.read_text()
    head = HEAD.match(text)
    assert head is not None, f"{file.name} does not say what is expected of it"
    return Case(f"{FOLDER}/{file.name}", text, head[1], head[2], tuple((head[3] or "").split()), head[4])


CASES = [case(file) for file in sorted(CORPUS.glob("*.yml"))]


@pytest.mark.parametrize("told", CASES, ids=lambda told: Path(told.path).stem)
def test_a_workflow_of_the_corpus_is_judged_as_it_says(told: Case) -> None:
    beside = {f"{FOLDER}/{name}": (CORPUS / "beside" / name).read_text() for name in told.beside}
    found = exposure({told.path: told.text, **beside}, OFFER)
    (judged,) = [child for child in found.result.children if child.name == told.path]
    assert (judged.status.value, judged.why) == (told.verdict, told.why)
    assert hold("auto", found).value == told.held


def test_the_corpus_has_thirty_files_at_least_and_every_kind_of_verdict() -> None:
    assert len(CASES) >= 30
    assert {told.verdict for told in CASES} == {"denied", "error", "approved", "skipped"}
    assert {told.held for told in CASES} == {"nothing", "marker", "unpushed"}


def test_all_of_them_in_one_repository_are_as_bad_as_the_worst_and_the_reasons_stay() -> None:
    found = exposure({told.path: told.text for told in CASES}, OFFER)
    assert found.result.status.value == "denied"
    assert hold("auto", found).value == "unpushed"
    by_name = {child.name: child for child in found.result.children}
    for told in CASES:
        if not told.beside and "chained" not in told.path and "calls" not in told.path:
            assert by_name[told.path].why == told.why
