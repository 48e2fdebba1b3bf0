"""Boxes for code of strangers: no way out of them, and none at all where the operator switched boxes off."""

from pathlib import Path

import pytest

from adapters.sandbox.backends import boxes
from adapters.sandbox.gateway import PACKAGE_INDEX_HOSTS, ConnectGateway
from core.boxes import Command
from core.errors import BoxUnavailable
from jobs.sealed import Sealed


async def test_not_even_the_gateway_to_package_indexes_is_given_to_one(tmp_path: Path) -> None:
    async with ConnectGateway(tmp_path / "gw", PACKAGE_INDEX_HOSTS) as gateway:
        with pytest.raises(BoxUnavailable, match="has no way out, and one was asked for"):
            Sealed(boxes("bubblewrap")).open(tmp_path, network=gateway)


async def test_where_boxes_are_switched_off_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(BoxUnavailable, match="runs in a box or not at all, and the box is switched off here"):
        Sealed(boxes("none")).open(tmp_path)


async def test_commands_run_in_it_as_in_any_other(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    box = Sealed(boxes("bubblewrap")).open(tree)
    try:
        result = await box.run(Command(("sh", "-c", "echo in")))
    finally:
        await box.kill()
    assert (result.exit_code, result.text) == (0, "in\n")
