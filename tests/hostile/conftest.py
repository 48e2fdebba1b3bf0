"""What the corpus is thrown at: a host with things to reach, a run's workspace on it, and the story's harness."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "story"), str(TESTS / "git")]

from hostile_host import Host, open_host  # noqa: E402  # what it imports lies in the folders above


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A secret, a program that leaves a trace, a process, and sockets of every kind that a box must not reach."""
    with open_host(tmp_path / "host") as opened:
        yield opened
