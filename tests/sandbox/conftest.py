"""Real boxes around a real folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox import boxes
from core.boxes import Box, Command, CommandResult


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree below folders that only their owner may enter."""
    folder = tmp_path / "private" / "tree"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    return folder


@pytest.fixture(params=["as we are", "as an ordinary user without control groups"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root drops to a user of its own and makes control groups; everybody else does neither."""
    if request.param != "as we are":
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        monkeypatch.setattr("adapters.sandbox.cgroups.hierarchy", lambda: None)


@pytest.fixture(params=["with control groups", "without control groups"])
def means(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """By which the limits bind; always as a user who is not root, since they bind root hardly at all."""
    if request.param == "without control groups":
        monkeypatch.setattr("adapters.sandbox.cgroups.hierarchy", lambda: None)


@pytest.fixture
def open_box(tree: Path) -> Callable[..., Box]:
    return lambda **options: boxes("bubblewrap").open(tree, **options)


@pytest.fixture
def run(open_box: Callable[..., Box]) -> Callable[..., Any]:
    """One shell line in a fresh box: `await run("echo hi", timeout_seconds=1, limits=Limits(...))`."""

    async def in_a_box(line: str, **options: Any) -> CommandResult:
        opening = {name: options.pop(name) for name in ("limits", "mounts", "network") if name in options}
        return await open_box(**opening).run(Command(("sh", "-c", line), **options))

    return in_a_box
