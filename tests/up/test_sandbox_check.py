"""What cannot be run safely is not started."""

from pathlib import Path

import pytest

from adapters.settings import load
from bot.up.sandbox import check_sandbox
from core.errors import ConfigurationError


async def test_a_service_whose_sandbox_does_not_hold_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sandbox.bubblewrap.HOST_PATH", str(tmp_path))
    with pytest.raises(ConfigurationError) as refused:
        await check_sandbox(load({"PULLWRIGHT_DATA_DIR": str(tmp_path)}))
    assert str(refused.value) == (
        "The sandbox does not hold here: start: bubblewrap is not installed: apt-get install -y bubblewrap."
    )


async def test_a_sandbox_that_holds_is_passed_over_in_silence(tmp_path: Path) -> None:
    await check_sandbox(load({"PULLWRIGHT_DATA_DIR": str(tmp_path)}))
