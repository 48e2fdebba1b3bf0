"""Package indexes that may be away: which ones a setup may need, and what its passages tell."""

import pytest

from core.boxes import Passage
from jobs.indexes import INDEXES, maybe_needed

PYPI, NPM = INDEXES
FAR = Passage("pypi.org", 443, False, why="pypi.org cannot be resolved: no.", unreached=True)
NEAR = Passage("files.pythonhosted.org", 443, True, 100, 100)
FORBIDDEN = Passage("evil.example", 443, False, why="evil.example:443 is not among the hosts that this box may reach.")


@pytest.mark.parametrize(
    ("commands", "needed"),
    [
        (["python3 -m venv /deps/venv", "/deps/venv/bin/pip install -r x.txt"], (PYPI,)),
        (["npm ci"], (NPM,)),
        (["uv sync && npm ci"], (PYPI, NPM)),
        (["make deps"], (PYPI, NPM)),
        (["./pipeline npmrc"], (PYPI, NPM)),
    ],
)
def test_the_indexes_that_a_setup_may_need_are_those_of_the_tools_it_names(commands, needed):
    assert maybe_needed(commands) == needed


@pytest.mark.parametrize(
    ("passages", "away", "answered"),
    [
        ([], None, False),
        ([FAR], "pypi.org cannot be resolved: no.", False),
        ([FAR, FORBIDDEN], "pypi.org cannot be resolved: no.", False),
        ([FAR, NEAR], None, True),
        ([NEAR, FAR], "pypi.org cannot be resolved: no.", False),
        ([FORBIDDEN], None, False),
    ],
    ids=["nobody asked", "away", "beside others", "tried again", "lost on the way", "others"],
)
def test_what_counts_is_how_the_last_try_to_reach_it_ended(passages, away, answered):
    assert (PYPI.away(passages), PYPI.answered(passages)) == (away, answered)
    assert (NPM.away(passages), NPM.answered(passages)) == (None, False)
