"""The demo as a newcomer starts it, and repositories to start it with."""

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.demo.story import SAMPLE

PULLWRIGHT = str(Path(sysconfig.get_path("scripts"), "pullwright"))
ISSUE, SCRIPT = str(SAMPLE / "issue.md"), str(SAMPLE / "script.yml")

Demo = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Short: the service's sockets lie below it, and their paths have 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="pw-") as folder:
        yield Path(folder, "data")


@pytest.fixture
def environ(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULLWRIGHT_")}
    return kept | {"PULLWRIGHT_DATA_DIR": str(data_dir)}


@pytest.fixture
def demo(tmp_path: Path, environ: dict[str, str]) -> Demo:
    """Runs `pullwright demo` to its end; keywords are settings without their prefix."""

    def demo(*arguments: str | Path, **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [PULLWRIGHT, "demo", *map(str, arguments)],
            env=environ | {f"PULLWRIGHT_{name}": value for name, value in settings.items()},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return demo


def git(folder: Path, *arguments: str) -> str:
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    named = ("-c", "user.name=Nell", "-c", "user.email=nell@example.org", "-c", "protocol.file.allow=always")
    command = ["git", "-C", str(folder), *named, *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The sample project as a repository of one's own, whose branch is `trunk`."""
    folder = tmp_path / "project"
    shutil.copytree(SAMPLE / "repository", folder)
    git(folder, "init", "--quiet", "--initial-branch=trunk")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Begin")
    return folder
