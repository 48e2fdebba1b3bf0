"""Links lead somewhere, files that are named are there, and no page knows the machine it was written on."""

import re
from pathlib import Path

import pytest
from docs_pages import DOCS, PAGES, ROOT, anchors

EVERY_PAGE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FILE = re.compile(
    r"`((?:adapters|bot|core|handlers|jobs|policies|prompts|tests|docs)/[\w./-]+\.\w+|app\.yml|Procfile)`"
)
_MACHINE = re.compile(r"/(?:work|farm|root|home)/|/tmp/\w")


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_repository_lead_to_a_page_and_heading(page: Path):
    broken = []
    for link in _LINK.findall(page.read_text()):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path):
    assert [name for name in _FILE.findall(page.read_text()) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_holds_a_path_of_one_machine(page: Path):
    assert _MACHINE.findall(page.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_begins_with_what_the_reader_wants(page: Path):
    title, empty, first = page.read_text().split("\n")[:3]
    assert title.startswith("# ")
    assert empty == ""
    assert first.startswith("You want")
