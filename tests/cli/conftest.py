"""The console script, as an operator calls it."""

import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

PULLWRIGHT = str(Path(sysconfig.get_path("scripts"), "pullwright"))
Pullwright = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def pullwright(tmp_path: Path) -> Pullwright:
    def pullwright(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PULLWRIGHT_")}
        environ["PULLWRIGHT_DATA_DIR"] = str(tmp_path)
        environ.update({f"PULLWRIGHT_{name}": value for name, value in settings.items()})
        return subprocess.run(
            [PULLWRIGHT, *arguments], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )

    return pullwright
